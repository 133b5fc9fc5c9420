import com.amazonaws.AmazonServiceException;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonClientProvider;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonCredentials.AWSRegion;
import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.fiat.model.Authorization;
import java.lang.reflect.Field;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a loaded account would do. */
final class Account {
  static Map<String, Object> describe(NetflixAmazonCredentials loaded)
      throws IllegalAccessException {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put("name", loaded.getName());
    said.put("accountId", loaded.getAccountId());
    said.put("environment", loaded.getEnvironment());
    said.put("regions", loaded.getRegions().stream().map(AWSRegion::getName).toList());
    said.put("keyPair", loaded.getDefaultKeyPair());
    said.put("lambda", loaded.getLambdaEnabled());
    Map<Authorization, Set<String>> permissions = new TreeMap<>();
    loaded
        .getPermissions()
        .unpack()
        .forEach((verb, roles) -> permissions.put(verb, new TreeSet<>(roles)));
    permissions.values().removeIf(Set::isEmpty);
    said.put("permissions", permissions);
    Object assumed = field(loaded.getCredentialsProvider(), "delegate");
    if (assumed != null) {
      said.put("role", field(assumed, "roleArn"));
      said.put("externalId", field(assumed, "roleExternalId"));
      said.put("session", field(assumed, "roleSessionName"));
      said.put("sts", ((URI) field(field(assumed, "securityTokenService"), "endpoint")).getHost());
    }
    return said;
  }

  /** How many instances each region has, or the code with which AWS refused to say. */
  static Map<String, Object> instances(
      NetflixAmazonCredentials loaded, AmazonClientProvider clients) {
    Map<String, Object> answers = new LinkedHashMap<>();
    for (AWSRegion region : loaded.getRegions()) {
      try {
        answers.put(
            region.getName(),
            clients
                .getAmazonEC2(loaded, region.getName())
                .describeInstances()
                .getReservations()
                .size());
      } catch (AmazonServiceException refused) {
        answers.put(region.getName(), refused.getErrorCode());
      }
    }
    return answers;
  }

  /** Null where there is no such field. */
  private static Object field(Object of, String name) throws IllegalAccessException {
    for (Class<?> type = of.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          field.setAccessible(true);
          return field.get(of);
        }
      }
    }
    return null;
  }
}
