import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import com.netflix.spinnaker.clouddriver.aws.AwsConfigurationProperties;
import com.netflix.spinnaker.clouddriver.aws.security.AWSAccountInfoLookup;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonClientProvider;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonCredentials.AWSRegion;
import com.netflix.spinnaker.clouddriver.aws.security.AmazonCredentialsInitializer;
import com.netflix.spinnaker.clouddriver.aws.security.DefaultAccountConfigurationProperties;
import com.netflix.spinnaker.clouddriver.aws.security.NetflixAmazonCredentials;
import com.netflix.spinnaker.clouddriver.aws.security.config.AccountsConfiguration.Account;
import com.netflix.spinnaker.clouddriver.aws.security.config.AccountsConfiguration;
import com.netflix.spinnaker.clouddriver.aws.security.config.AmazonCredentialsParser;
import com.netflix.spinnaker.clouddriver.aws.security.config.CredentialsConfig;
import com.netflix.spinnaker.clouddriver.config.AccountDefinitionConfiguration;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionRepository;
import com.netflix.spinnaker.clouddriver.security.AccountDefinitionSource;
import com.netflix.spinnaker.config.AwsConfiguration;
import com.netflix.spinnaker.credentials.CredentialsLifecycleHandler;
import com.netflix.spinnaker.credentials.definition.AbstractCredentialsLoader;
import com.netflix.spinnaker.credentials.definition.CredentialsParser;
import com.netflix.spinnaker.credentials.poller.PollerConfigurationProperties;
import com.netflix.spinnaker.kork.boot.DefaultPropertiesBuilder;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.springframework.boot.DefaultPropertiesPropertySource;
import org.springframework.boot.context.config.ConfigDataEnvironmentPostProcessor;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.BoundPropertiesTrackingBindHandler;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.env.OriginTrackedMapPropertySource;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/** What Clouddriver reads from a folder, bound to its classes as it does when it starts. */
final class Configuration {
  /** Below these, every setting is one that Clouddriver reads, or it is named as ignored. */
  private static final List<ConfigurationPropertyName> KNOWN =
      Stream.of("aws", "account.storage", "credentials.poller")
          .map(ConfigurationPropertyName::of)
          .toList();

  /** Read by name from the environment: no class has a field for them. */
  private static final Set<String> READ_BY_NAME =
      Set.of(
          "account.storage.aws.enabled",
          "account.storage.ecs.enabled",
          "account.storage.kubernetes.enabled",
          "aws.enabled",
          "aws.features.lambda.enabled",
          "aws.features.launch-templates.enabled",
          "aws.features.launch-templates.all-applications.enabled",
          "aws.features.launch-templates.allowed-accounts",
          "aws.features.launch-templates.excluded-accounts");

  final StandardEnvironment environment = new StandardEnvironment();
  final AwsConfiguration.DeployDefaults deployment = new AwsConfiguration.DeployDefaults();
  final AccountDefinitionConfiguration.Properties storage =
      new AccountDefinitionConfiguration.Properties();
  final PollerConfigurationProperties poller = new PollerConfigurationProperties();

  private final Listed.Ecs ecs = new Listed.Ecs();
  private final Listed.Kubernetes kubernetes = new Listed.Kubernetes();
  private final AmazonCredentialsInitializer initializer = new AmazonCredentialsInitializer();
  private final CredentialsConfig config = initializer.credentialsConfig();
  private final AccountsConfiguration accounts = initializer.accountsConfiguration();
  private final Set<ConfigurationPropertyName> bound = new HashSet<>();

  Configuration(String folder) {
    Map<String, Object> started = Map.of("spring.config.import", "optional:" + folder + "/");
    Map<String, Object> defaults =
        new DefaultPropertiesBuilder().property("spring.application.name", "clouddriver").build();
    environment.getPropertySources().addFirst(new MapPropertySource("started", started));
    // Below all files, as in SpringApplication: a file may set other active profiles.
    environment.getPropertySources().addLast(new DefaultPropertiesPropertySource(defaults));
    ConfigDataEnvironmentPostProcessor.applyTo(environment);
    // As SpringApplication does: variables are then found in each spelling of a key.
    ConfigurationPropertySources.attach(environment);
    bind("aws", config);
    bind("aws", accounts);
    bind("aws", new AwsConfigurationProperties());
    bind("aws.defaults", deployment);
    bind("ecs", ecs);
    bind("kubernetes", kubernetes);
    bind("account.storage", storage);
    bind("credentials.poller", poller);
  }

  private void bind(String prefix, Object target) {
    BindHandler noting =
        new BoundPropertiesTrackingBindHandler(property -> bound.add(property.getName()));
    Binder.get(environment).bind(prefix, Bindable.ofInstance(target), noting);
  }

  /** What each list of accounts has, before an account is loaded. */
  Map<String, Object> configured() {
    List<String> names = accounts.getAccounts().stream().map(Account::getName).toList();
    return Map.of(
        "aws", names, "ecs", ecs.getAccounts(), "kubernetes", kubernetes.getAccounts());
  }

  /** The documents of the files that count, the one that wins first. */
  List<String> documents() {
    return environment.getPropertySources().stream()
        .filter(OriginTrackedMapPropertySource.class::isInstance)
        .map(PropertySource::getName)
        .toList();
  }

  /** The settings that Clouddriver passes over without a word. */
  Collection<String> ignored() {
    Set<String> ignored = new TreeSet<>();
    for (PropertySource<?> source : environment.getPropertySources()) {
      if (source instanceof OriginTrackedMapPropertySource) {
        ((IterableConfigurationPropertySource) ConfigurationPropertySource.from(source))
            .stream()
                .filter(name -> KNOWN.stream().anyMatch(known -> known.isAncestorOf(name)))
                .filter(name -> !bound.contains(name))
                // An empty list, which another file replaces.
                .filter(name -> bound.stream().noneMatch(name::isAncestorOf))
                .map(ConfigurationPropertyName::toString)
                .filter(name -> !READ_BY_NAME.contains(name))
                .forEach(ignored::add);
      }
    }
    return ignored;
  }

  /** What loads the accounts; regions are asked of AWS where there are clients for it. */
  AbstractCredentialsLoader<? extends NetflixAmazonCredentials> loader(
      AmazonClientProvider clients,
      AccountDefinitionRepository stored,
      CredentialsLifecycleHandler<NetflixAmazonCredentials> handler) {
    Class<? extends NetflixAmazonCredentials> type =
        initializer.credentialsType(config, accounts);
    DefaultAWSCredentialsProviderChain own = DefaultAWSCredentialsProviderChain.getInstance();
    CredentialsParser<Account, NetflixAmazonCredentials> parser =
        clients == null
            ? offline(own, type)
            : initializer.amazonCredentialsParser(own, clients, type, config, accounts);
    return initializer.amazonCredentialsLoader(
        parser,
        stored == null
            ? null
            : new AccountDefinitionSource<>(
                stored, Account.class, List.of(accounts::getAccounts)),
        config,
        accounts,
        initializer.amazonCredentialsRepository(handler),
        new DefaultAccountConfigurationProperties());
  }

  @SuppressWarnings("unchecked")
  private CredentialsParser<Account, NetflixAmazonCredentials> offline(
      DefaultAWSCredentialsProviderChain own, Class<? extends NetflixAmazonCredentials> type) {
    return new AmazonCredentialsParser<>(
        own, new RegionsOfOnePartition(), (Class<NetflixAmazonCredentials>) type, config, accounts);
  }

  /**
   * Knows every region of the partition that it is asked about first: an identity is of one.
   *
   * <p>Like AWS, it refuses regions of another partition, and cannot answer for none.
   */
  private static final class RegionsOfOnePartition implements AWSAccountInfoLookup {
    private final Set<String> partitions = new HashSet<>();

    @Override
    public String findAccountId() {
      return "910000000000";
    }

    @Override
    public List<AWSRegion> listRegions(String... names) {
      return listRegions(Arrays.asList(names));
    }

    @Override
    public List<AWSRegion> listRegions(Collection<String> names) {
      if (names.isEmpty()) {
        throw new IllegalArgumentException("Unknown region: []");
      }
      names.forEach(name -> partitions.add(partitionOf(name)));
      if (partitions.size() > 1) {
        throw new IllegalArgumentException("No credentials for " + names + " in " + partitions);
      }
      return names.stream().map(name -> new AWSRegion(name, listAvailabilityZones(name))).toList();
    }

    private static String partitionOf(String region) {
      boolean isGov = region.startsWith("us-gov-");
      return region.startsWith("cn-") ? "aws-cn" : isGov ? "aws-us-gov" : "aws";
    }

    @Override
    public List<String> listAvailabilityZones(String region) {
      return List.of(region + "a", region + "b");
    }
  }
}
