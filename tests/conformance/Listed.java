import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The lists of `ecs` and `kubernetes`, with the fields that Bowline carries.
 *
 * <p>Clouddriver's classes for them are in no released jar; Boot binds these in the same way.
 */
public final class Listed {
  public static final class Ecs {
    private List<EcsAccount> accounts = new ArrayList<>();

    public List<EcsAccount> getAccounts() {
      return accounts;
    }

    public void setAccounts(List<EcsAccount> accounts) {
      this.accounts = accounts;
    }
  }

  public static final class EcsAccount {
    private String name;
    private String awsAccount;

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public String getAwsAccount() {
      return awsAccount;
    }

    public void setAwsAccount(String awsAccount) {
      this.awsAccount = awsAccount;
    }
  }

  public static final class Kubernetes {
    private List<Cluster> accounts = new ArrayList<>();

    public List<Cluster> getAccounts() {
      return accounts;
    }

    public void setAccounts(List<Cluster> accounts) {
      this.accounts = accounts;
    }
  }

  public static final class Cluster {
    private String name;
    private String context;
    private String environment;
    private String kubeconfigFile;
    private List<String> namespaces = new ArrayList<>();
    private Map<String, List<String>> permissions = new TreeMap<>();

    public String getName() {
      return name;
    }

    public void setName(String name) {
      this.name = name;
    }

    public String getContext() {
      return context;
    }

    public void setContext(String context) {
      this.context = context;
    }

    public String getEnvironment() {
      return environment;
    }

    public void setEnvironment(String environment) {
      this.environment = environment;
    }

    public String getKubeconfigFile() {
      return kubeconfigFile;
    }

    public void setKubeconfigFile(String kubeconfigFile) {
      this.kubeconfigFile = kubeconfigFile;
    }

    public List<String> getNamespaces() {
      return namespaces;
    }

    public void setNamespaces(List<String> namespaces) {
      this.namespaces = namespaces;
    }

    public Map<String, List<String>> getPermissions() {
      return permissions;
    }

    public void setPermissions(Map<String, List<String>> permissions) {
      this.permissions = permissions;
    }
  }
}
