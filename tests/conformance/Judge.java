import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.netflix.spinnaker.clouddriver.aws.deploy.asg.LaunchTemplateRollOutConfig;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonClientProvider;
import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.credentials.definition.AbstractCredentialsLoader;
import com.netflix.spinnaker.credentials.poller.PollerConfigurationProperties;
import com.netflix.spinnaker.kork.dynamicconfig.SpringDynamicConfigService;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Says what Clouddriver's own classes make of its configuration.
 *
 * <p>Each line of input names a folder, as /opt/spinnaker/config would be; each line of output is
 * the answer. With the argument "live" every account's instances are described as well. A file
 * stored.json in the folder is what was sent to /credentials; accounts are then loaded twice.
 */
public final class Judge {
  private static final int LOADS = 2;

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
      // Before loading, which adds an account where there is none.
      answer.put("configured", read.configured());
      SpringDynamicConfigService features = new SpringDynamicConfigService();
      features.setEnvironment(read.environment);
      LaunchTemplateRollOutConfig templates = new LaunchTemplateRollOutConfig(features);
      Stored stored = stored(folder);
      Noted noted = new Noted();
      AbstractCredentialsLoader<? extends NetflixAmazonCredentials> loader =
          read.loader(live ? clients : null, stored, noted);
      // Files are read once, at the start; what is stored is read again at each poll.
      for (int load = 0; load < (stored == null ? 1 : LOADS); load++) {
        noted.next();
        loader.load();
      }
      List<Object> accounts = new ArrayList<>();
      Map<String, Object> shown = new LinkedHashMap<>();
      for (NetflixAmazonCredentials loaded : loader.getCredentialsRepository().getAll()) {
        Map<String, Object> account = Account.describe(loaded);
        account.put(
            "launchTemplates", templates.shouldUseLaunchTemplateForReq("app", loaded, "us-east-1"));
        if (live) {
          account.put("instances", Account.instances(loaded, clients));
        }
        accounts.add(account);
        if (stored != null) {
          shown.put(loaded.getName(), Stored.shown(loaded));
        }
      }
      answer.put("enabled", read.environment.getProperty("aws.enabled", Boolean.class, false));
      answer.put("baseRole", read.deployment.getIamRole());
      answer.put("accounts", accounts);
      answer.put("ignored", read.ignored());
      answer.put("documents", read.documents());
      answer.put("profiles", read.environment.getActiveProfiles());
      answer.put("storage", read.storage.isEnabled());
      answer.put("polls", polls(read.poller));
      if (stored != null) {
        answer.put("saved", stored.answers);
        answer.put("loads", noted.loads);
        answer.put("shown", shown);
      }
    } catch (Exception failure) {
      answer.put("failure", messages(failure));
    }
    return answer;
  }

  /** Null where nothing is stored. */
  private static Stored stored(String folder) throws IOException {
    Path file = Path.of(folder, "stored.json");
    return Files.exists(file) ? new Stored(file) : null;
  }

  /** How often each type is loaded, in milliseconds; empty where none is. */
  private static Map<String, Long> polls(PollerConfigurationProperties poller) {
    Map<String, Long> polls = new LinkedHashMap<>();
    for (String type : List.of("aws", "ecs", "kubernetes")) {
      if (poller.isEnabled() && poller.getSettings(type) != null) {
        polls.put(type, poller.getSettings(type).getReloadFrequencyMs());
      }
    }
    return polls;
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
