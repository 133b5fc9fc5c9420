import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.credentials.CredentialsLifecycleHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** What one load after the other does; an update drops an account's agents and their cache. */
final class Noted implements CredentialsLifecycleHandler<NetflixAmazonCredentials> {
  final List<TreeSet<String>> loads = new ArrayList<>();

  void next() {
    loads.add(new TreeSet<>());
  }

  @Override
  public void credentialsAdded(NetflixAmazonCredentials account) {
    note("added " + account.getName());
  }

  @Override
  public void credentialsUpdated(NetflixAmazonCredentials account) {
    note("updated " + account.getName());
  }

  @Override
  public void credentialsDeleted(NetflixAmazonCredentials account) {
    note("deleted " + account.getName());
  }

  private void note(String event) {
    loads.get(loads.size() - 1).add(event);
  }
}
