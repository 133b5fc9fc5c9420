import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.clouddriver.aws.security.config.AccountsConfiguration.Account;
import com.netflix.spinnaker.clouddriver.config.AccountDefinitionConfiguration;
import com.netflix.spinnaker.clouddriver.jackson.AccountDefinitionModule;
import com.netflix.spinnaker.clouddriver.jackson.ClouddriverApiModule;
import com.netflix.spinnaker.clouddriver.security.AccessControlledAccountDefinitionAuthorizedRolesExtractor;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionMapper;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionRepository;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionSecretManager;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionService;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionTypes;
import com.netflix.spinnaker.clouddriver.security.AccountSecurityPolicy;
import com.netflix.spinnaker.clouddriver.security.DefaultAccountCredentialsProvider;
import com.netflix.spinnaker.credentials.definition.CredentialsDefinition;
import com.netflix.spinnaker.kork.secrets.SecretEngine;
import com.netflix.spinnaker.kork.secrets.SecretEngineRegistry;
import com.netflix.spinnaker.kork.secrets.SecretManager;
import com.netflix.spinnaker.kork.secrets.user.UserSecretManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.beans.factory.support.StaticListableBeanFactory;
import org.springframework.http.converter.json.Jackson2ObjectMapperBuilder;

/**
 * Accounts sent to /credentials: read, checked, written and read again by Clouddriver's own
 * classes. In place of its table in SQL stands a map of the same texts.
 */
final class Stored implements AccountDefinitionRepository {
  private static final NamedType AWS =
      new NamedType(Account.class, AccountDefinitionTypes.getCredentialsTypeName(Account.class));

  /** As CloudDriverConfig configures it. */
  static final ObjectMapper JSON =
      Jackson2ObjectMapperBuilder.json()
          .serializationInclusion(JsonInclude.Include.NON_NULL)
          .failOnEmptyBeans(false)
          .failOnUnknownProperties(false)
          .modulesToInstall(new ClouddriverApiModule(), new AccountDefinitionModule(AWS))
          .build();

  /** What each body was answered with: the account as understood, or why it was refused. */
  final List<Object> answers = new ArrayList<>();

  private final Map<String, String> rows = new TreeMap<>();
  private final AccountDefinitionMapper mapper;

  Stored(Path file) throws IOException {
    JsonNode sent = JSON.readTree(file.toFile());
    SecretEngineRegistry engines =
        new SecretEngineRegistry(
            new StaticListableBeanFactory().getBeanProvider(SecretEngine.class));
    AccountDefinitionConfiguration beans =
        new AccountDefinitionConfiguration(new AccountDefinitionConfiguration.Properties());
    AccountSecurityPolicy policy = new Sender(JSON.convertValue(sent.get("roles"), Set.class));
    AccountDefinitionSecretManager secrets =
        beans.accountDefinitionSecretManager(new UserSecretManager(engines), policy);
    mapper = beans.accountDefinitionMapper(JSON, secrets, new SecretManager(engines));
    AccountDefinitionService service =
        beans.accountDefinitionService(
            this,
            secrets,
            new DefaultAccountCredentialsProvider(),
            policy,
            List.of(new AccessControlledAccountDefinitionAuthorizedRolesExtractor()));
    for (JsonNode body : sent.get("bodies")) {
      answers.add(answer(body, service));
    }
  }

  private static Object answer(JsonNode body, AccountDefinitionService service) {
    try {
      CredentialsDefinition understood =
          JSON.readValue(JSON.writeValueAsString(body), CredentialsDefinition.class);
      return Map.of("account", JSON.valueToTree(service.saveAccount(understood)));
    } catch (Exception refusal) {
      return Map.of("refusal", String.valueOf(refusal.getMessage()));
    }
  }

  /** What GET /credentials/{name} shows of a loaded account. */
  static Map<String, Object> shown(NetflixAmazonCredentials loaded) {
    @SuppressWarnings("unchecked")
    Map<String, Object> shown = JSON.convertValue(loaded, Map.class);
    shown.put("type", loaded.getCloudProvider());
    return shown;
  }

  @Override
  public CredentialsDefinition getByName(String name) {
    return read(rows.get(name));
  }

  @Override
  public List<? extends CredentialsDefinition> listByType(String type) {
    return rows.values().stream().map(this::read).toList();
  }

  @Override
  public List<? extends CredentialsDefinition> listByType(String type, int limit, String start) {
    return listByType(type);
  }

  @Override
  public void create(CredentialsDefinition account) {
    save(account);
  }

  @Override
  public void update(CredentialsDefinition account) {
    save(account);
  }

  @Override
  public void save(CredentialsDefinition account) {
    try {
      rows.put(account.getName(), mapper.serialize(account));
    } catch (JsonProcessingException unwritable) {
      throw new UncheckedIOException(unwritable);
    }
  }

  @Override
  public void delete(String name) {
    rows.remove(name);
  }

  @Override
  public List<Revision> revisionHistory(String name) {
    return List.of();
  }

  private CredentialsDefinition read(String row) {
    try {
      return mapper.deserialize(row);
    } catch (JsonProcessingException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Who sends: an admin, or where roles are given an account manager with these. */
  private record Sender(Set<String> roles) implements AccountSecurityPolicy {
    @Override
    public boolean isAdmin(String user) {
      return roles == null;
    }

    @Override
    public boolean isAccountManager(String user) {
      return true;
    }

    @Override
    public Set<String> getRoles(String user) {
      return roles == null ? Set.of() : roles;
    }

    @Override
    public boolean canUseAccount(String user, String account) {
      return true;
    }

    @Override
    public boolean canModifyAccount(String user, String account) {
      return true;
    }
  }
}
