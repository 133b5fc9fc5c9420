import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.netflix.spinnaker.clouddriver.aws.deploy.asg.LaunchTemplateRollOutConfig;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonClientProvider;
import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.kork.dynamicconfig.SpringDynamicConfigService;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Says what Clouddriver's own classes make of its configuration.
 *
 * <p>Each line of input names a folder, as /opt/spinnaker/config would be; each line of output is
 * the answer. With the argument "live" every account's instances are described as well.
 */
public final class Judge {
  public static void main(String[] arguments) throws IOException {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // Clouddriver prints too.
    System.setOut(System.err);
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.WARN);
    boolean live = List.of(arguments).contains("live");
    ObjectMapper json = new ObjectMapper();
    BufferedReader folders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String folder = folders.readLine(); folder != null; folder = folders.readLine()) {
      answers.println(json.writeValueAsString(answer(folder, live)));
    }
  }

  private static Map<String, Object> answer(String folder, boolean live) {
    Map<String, Object> answer = new LinkedHashMap<>();
    try {
      AmazonClientProvider clients = new AmazonClientProvider();
      Configuration read = new Configuration(folder);
      SpringDynamicConfigService features = new SpringDynamicConfigService();
      features.setEnvironment(read.environment);
      LaunchTemplateRollOutConfig templates = new LaunchTemplateRollOutConfig(features);
      List<Object> accounts = new ArrayList<>();
      for (NetflixAmazonCredentials loaded : read.load(live ? clients : null)) {
        Map<String, Object> account = Account.describe(loaded);
        account.put(
            "launchTemplates", templates.shouldUseLaunchTemplateForReq("app", loaded, "us-east-1"));
        if (live) {
          account.put("instances", Account.instances(loaded, clients));
        }
        accounts.add(account);
      }
      answer.put("enabled", read.environment.getProperty("aws.enabled", Boolean.class, false));
      answer.put("baseRole", read.deployment.getIamRole());
      answer.put("accounts", accounts);
      answer.put("ignored", read.ignored());
    } catch (Exception failure) {
      answer.put("failure", messages(failure));
    }
    return answer;
  }

  /** Clouddriver would end here, with this in its log. */
  private static String messages(Throwable failure) {
    List<String> messages = new ArrayList<>();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      messages.add(String.valueOf(cause.getMessage()));
    }
    return String.join(" <- ", messages);
  }
}
