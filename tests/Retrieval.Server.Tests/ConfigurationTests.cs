using Retrieval.Inference;
using Retrieval.Search.Shortlists;
using Retrieval.Server.Configuration;
using Serilog.Events;

namespace Retrieval.Server.Tests;

[Collection("environment")] // Of the process: it is set here.
public sealed class ConfigurationTests
{
    private static readonly string[] Required = ["--bundle", "b", "--index", "i"];

    [Theory]
    [InlineData("""{ "Search": { "DefaultShortlist": null } }""", null)]
    [InlineData("""{ "Search": { "DefaultShortlist": "" } }""", null)]
    [InlineData("""{ "Search": { "DefaultShortlist": 20 } }""", 20)]
    [InlineData("{}", null, "--Search:DefaultShortlist=")]
    [InlineData("""{ "Search": { "DefaultShortlist": null } }""", 30, "--Search:DefaultShortlist=30")]
    [InlineData("""{ "Search": { "MaxShortlist": 20 } }""", null)]
    public void A_shortlist_of_the_operators_own_is_a_number_or_nothing(string content, int? shortlist, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], content);

        Assert.Equal(shortlist, ServerConfiguration.Read(["--config", folder["c.json"], .. Required, .. arguments]).Search.DefaultShortlist);
    }

    [Theory]
    [InlineData("Search:DefaultShortlist is 'many'; expected a whole number", "--Search:DefaultShortlist=many")]
    [InlineData("Search:DefaultShortlist is '1.5'; expected a whole number", "--Search:DefaultShortlist=1.5")]
    [InlineData("Search:DefaultShortlist is 0; expected 1 to 10000", "--Search:DefaultShortlist=0")]
    [InlineData("Search:DefaultShortlist is 21; expected 1 to 20", "--Search:DefaultShortlist=21", "--Search:MaxShortlist=20")]
    [InlineData("Search:DefaultShortlist is a list; expected a single value", "--Search:DefaultShortlist:0=21")]
    public void A_shortlist_of_the_operators_own_that_is_none_is_a_fault(string fault, params string[] arguments) =>
        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read([.. Required, .. arguments])).Faults);

    [Theory]
    [InlineData("""{ "Snapshot": { "Bundle": ["b"] } }""", "Snapshot:Bundle is a list; expected a single value")]
    [InlineData("""{ "Limits": { "Queue": "" } }""", "Limits:Queue is ''; expected a whole number")]
    [InlineData("""{ "Ingestion": { "Roots": [""] } }""", "Ingestion:Roots:0 is ''; expected a text")]
    [InlineData("""{ "Ingestion": { "Roots": [null] } }""", "Ingestion:Roots:0 is ''; expected a text")]
    public void A_value_of_another_kind_in_a_file_is_a_fault(string content, string fault)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], content);

        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--config", folder["c.json"], "--index", "i"])).Faults.Where(found => !found.Contains("is not set", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("Limits is a single value; expected a section", "--Limits=5")]
    [InlineData("Limits is a single value; expected a section", "--Limits=5", "--Limits:Queue=5")]
    [InlineData("Limits is a list; expected a section", "--Limits:0=5")]
    [InlineData("Ingestion:Roots is a single value; expected a list", "--Ingestion:Roots=/tmp")]
    [InlineData("Ingestion:Roots is a section; expected a list", "--Ingestion:Roots:a=/tmp")]
    [InlineData("Ingestion:Roots:0 is a list; expected a single value", "--Ingestion:Roots:0:0=/tmp")]
    [InlineData("Logging:Levels is a single value; expected a section", "--Logging:Levels=Debug")]
    [InlineData("Logging:Levels:A is a section; expected a single value", "--Logging:Levels:A:B=Debug")]
    [InlineData("Http:Urls is a list; expected a single value", "--Http:Urls:0=http://127.0.0.1:1")]
    [InlineData("Http:Urls is a list; expected a single value", "--Http:Urls:0=x", "--Http:Urls=http://127.0.0.1:1")]
    [InlineData("Http:Urls is a section; expected a single value", "--Http:Urls:a=x")]
    [InlineData("Limits:Concurrent is a list; expected a single value", "--Limits:Concurrent:0=3")]
    public void A_value_of_the_wrong_shape_is_a_fault_that_says_what_was_found_and_expected(string fault, params string[] arguments) =>
        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read([.. Required, .. arguments])).Faults);

    [Theory]
    [InlineData("""{ "Http": "x" }""", "Http is a single value; expected a section")]
    [InlineData("""{ "Limits": [{ "Queue": 1 }] }""", "Limits is a list; expected a section")]
    [InlineData("""{ "Ingestion": { "Roots": "x" } }""", "Ingestion:Roots is a single value; expected a list")]
    [InlineData("""{ "Inference": { "Provider": ["cpu"] } }""", "Inference:Provider is a list; expected a single value")]
    [InlineData("""{ "Http": { "Urls": { "a": "x" } } }""", "Http:Urls is a section; expected a single value")]
    public void A_value_of_the_wrong_shape_in_a_file_is_a_fault_that_says_what_was_found_and_expected(string content, string fault)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], content);

        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--config", folder["c.json"], .. Required])).Faults);
    }

    [Fact]
    public void Empty_sections_and_lists_of_a_file_are_no_faults()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], """{ "Http": {}, "Ingestion": { "Roots": [] }, "Logging": { "Levels": {} } }""");

        Assert.Empty(ServerConfiguration.Read(["--config", folder["c.json"], .. Required]).Ingestion.Roots);
    }

    [Theory]
    [InlineData("Pictures:UrlTemplate is no address with {id} in its path or query; expected one such as https://pictures.example.com/{id}.jpg, without a user", "--Pictures:UrlTemplate=https://pictures.example.com/")]
    [InlineData("Pictures:UrlTemplate is no address with {id} in its path or query; expected one such as https://pictures.example.com/{id}.jpg, without a user", "--Pictures:UrlTemplate=https://{id}.example.com/")]
    [InlineData("Pictures:UrlTemplate is no address with {id} in its path or query; expected one such as https://pictures.example.com/{id}.jpg, without a user", "--Pictures:UrlTemplate=https://me:secret@example.com/{id}")]
    [InlineData("Pictures:UrlTemplate is no address with {id} in its path or query; expected one such as https://pictures.example.com/{id}.jpg, without a user", "--Pictures:UrlTemplate=javascript:alert({id})")]
    [InlineData("Pictures:Folder and Pictures:UrlTemplate are both set; expected one of them", "--Pictures:UrlTemplate=https://pictures.example.com/{id}", "--Pictures:Folder=/tmp")]
    [InlineData("Pictures:Folder is '/nowhere', which is no folder", "--Pictures:Folder=/nowhere")]
    public void Pictures_that_are_nowhere_are_a_fault(string fault, params string[] arguments) =>
        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read([.. Required, .. arguments])).Faults);

    [Theory]
    [InlineData("--Inference:Provider=rocm", "Inference:Provider is 'rocm'; expected one of Auto, Cpu, Cuda")]
    [InlineData("--Inference:Provider=1", "Inference:Provider is '1'; expected one of Auto, Cpu, Cuda")]
    [InlineData("--Inference:Provider=cpu,cuda", "Inference:Provider is 'cpu,cuda'; expected one of Auto, Cpu, Cuda")]
    [InlineData("--Inference:BankPlacement=", "Inference:BankPlacement is ''; expected one of Auto, Mapped, Resident")]
    [InlineData("--Search:Shortlist=hnsw", "Search:Shortlist is 'hnsw'; expected one of auto, pgvector, exact")]
    [InlineData("--Logging:Format=xml", "Logging:Format is 'xml'; expected one of text, json")]
    public void A_value_that_is_none_of_a_few_is_a_fault_that_names_them(string argument, string fault) =>
        Assert.Equal([fault], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read([.. Required, argument])).Faults);

    [Theory]
    [InlineData("http://127.0.0.1:99999")]
    [InlineData("http://127.0.0.1:65536")]
    [InlineData("http://127.0.0.1:-1")]
    [InlineData("http://127.0.0.1:99999999999")]
    [InlineData("http://[::1]:99999999999")]
    [InlineData("http://*:99999")]
    [InlineData("http://localhost:http")]
    [InlineData("http://*:")]
    public void A_port_that_does_not_exist_is_a_fault_that_names_the_range(string url) =>
        Assert.Equal([$"Http:Urls holds '{url}'; expected a port of 0 to 65535"], Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read([.. Required, "--urls", url])).Faults);

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://[::1]:65535")]
    [InlineData("http://[::1]")]
    [InlineData("http://::1:8080")]
    [InlineData("http://*")]
    public void A_port_in_its_range_or_left_out_is_no_fault(string url) =>
        Assert.Equal(url, ServerConfiguration.Read([.. Required, "--urls", url, "--Access:WithoutKeys=anyone-may-read-and-write"]).Http.Urls);

    [Fact]
    public void Names_of_values_are_read_in_any_case()
    {
        var options = ServerConfiguration.Read([.. Required, "--Inference:Provider=CPU", "--Search:Shortlist=Exact", "--log-format", "JSON", "--log-level", "fatal", "--Logging:Levels:Some.Source=debug"]);

        Assert.Equal((ProviderChoice.Cpu, ShortlistKind.Exact, LogFormat.Json, LogEventLevel.Fatal), (options.Inference.Provider, options.Search.Shortlist, options.Logging.Format, options.Logging.Level));
        Assert.Equal(LogEventLevel.Debug, options.Logging.Levels["Some.Source"]);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["c.json"], """{ "Limits": { "Queue": 1, "Concurrent": 1, "BatchQueries": 1 } } // comment""");
        Environment.SetEnvironmentVariable("RETRIEVAL__LIMITS__QUEUE", "2");
        Environment.SetEnvironmentVariable("RETRIEVAL__LIMITS__CONCURRENT", "2");
        try
        {
            var limits = ServerConfiguration.Read(["--config", folder["c.json"], .. Required, "--limits:queue=3"]).Limits;

            Assert.Equal((3, 2, 1), (limits.Queue, limits.Concurrent, limits.BatchQueries));
        }
        finally
        {
            Environment.SetEnvironmentVariable("RETRIEVAL__LIMITS__QUEUE", null);
            Environment.SetEnvironmentVariable("RETRIEVAL__LIMITS__CONCURRENT", null);
        }
    }

    [Fact]
    public void Every_fault_is_listed_with_its_key()
    {
        var faults = Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(
        [
            "--urls", "ftp://localhost:1;nonsense;http://*:80/path", "--Http:MaxBodyBytes", "many", "--Http:Colour", "red", "--Limits:Concurrent=0",
            "--Limits:Queue", "-1", "--Limits:RequestTimeoutSeconds", "NaN", "--Search:DefaultTop", "11", "--Search:MaxTop", "5", "--Inference:VerifyParity", "false",
            "--Logging:Level", "Loud", "--Logging:Levels:Some.Source", "Quiet", "--Nothing", "1", "stray", "--index", "i",
        ])).Faults;

        Assert.Equal(
        [
            "'stray': unexpected; options are written --Key value or --Key=value",
            "Http:Colour: there is no such key; known here are Urls, AllowedHosts, MaxBodyBytes, MaxImageBytes, MaxJsonDepth, MaxHeaderBytes, MaxConnections, KeepAliveSeconds, HeaderTimeoutSeconds, MinBytesPerSecond, MinRateGraceSeconds",
            "Http:MaxBodyBytes is 'many'; expected a whole number",
            "Inference:VerifyParity: there is no such key; known here are Provider, DeviceId, DeviceMemoryBytes, BankPlacement, ProviderLibrary, Threads, PairsPerCall",
            "Logging:Level is 'Loud'; expected one of Verbose, Debug, Information, Warning, Error, Fatal",
            "Logging:Levels:Some.Source is 'Quiet'; expected one of Verbose, Debug, Information, Warning, Error, Fatal",
            "Nothing: there is no such key; known here are Http, Tls, Access, Jwt, Callers, Audit, Limits, Search, Images, Pictures, Console, Snapshot, Postgres, Ingestion, Inference, Logging, Telemetry",
            "Http:Urls holds 'ftp://localhost:1'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Http:Urls holds 'nonsense'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Http:Urls holds 'http://*:80/path'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Limits:Concurrent is 0; expected 1 to 10000",
            "Limits:Queue is -1; expected 0 to 1000000",
            "Limits:RequestTimeoutSeconds is NaN; expected 0.05 to 3600",
            "Search:DefaultTop is 11; expected 1 to 5",
            "Snapshot:Bundle (--bundle) is not set; expected the folder of a bundle",
        ], faults);
    }

    [Theory]
    [InlineData("no such file", null, "cannot be read")]
    [InlineData("broken.json", "{ \"Http\": ", "is not a JSON object")]
    [InlineData("array.json", "[1]", "is not a JSON object")]
    [InlineData("twice.json", "{ \"Http\": { \"Urls\": \"http://*:1\", \"urls\": \"http://*:2\" } }", "is not a JSON object")]
    public void A_file_that_cannot_be_read_is_a_fault_among_the_others(string name, string? content, string fault)
    {
        using var folder = new TemporaryFolder();
        if (content is not null)
        {
            File.WriteAllText(folder[name], content);
        }

        var faults = Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--config", folder[name]])).Faults;

        Assert.Equal(3, faults.Count);
        Assert.Contains(fault, faults[0], StringComparison.Ordinal);
    }
}
