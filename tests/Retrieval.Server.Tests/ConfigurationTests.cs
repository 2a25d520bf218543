using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Retrieval.Inference;
using Retrieval.Search.Shortlists;
using Retrieval.Server.Configuration;
using Serilog.Events;

namespace Retrieval.Server.Tests;

public sealed partial class ConfigurationTests
{
    private static readonly JsonSerializerOptions Named = new() { Converters = { new JsonStringEnumConverter() } };

    private static readonly string[] Required = ["--bundle", "b", "--index", "i"];

    [Fact]
    public void The_reference_file_holds_every_key_with_its_default()
    {
        var reference = JsonNode.Parse(ReferenceConfiguration.Text, null, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip })!;

        Assert.Equal(Keys(JsonSerializer.SerializeToNode(new ServerOptions(), Named), ""), Keys(reference, ""), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void The_reference_file_binds()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["reference.jsonc"], ReferenceConfiguration.Text);

        var options = ServerConfiguration.Read(["--config", folder["reference.jsonc"], .. Required]);

        Assert.Equivalent(new ServerOptions { Snapshot = new ServerSnapshotOptions { Bundle = "b", Index = "i" } }, options);
    }

    [Fact]
    public void The_reference_file_as_it_is_lacks_only_what_it_says_it_lacks()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["reference.jsonc"], ReferenceConfiguration.Text);

        Assert.Equal(
            ["Snapshot:Bundle is not set; expected the folder of a bundle", "Snapshot:Index is not set; expected the folder of an index"],
            Assert.Throws<InvalidConfigurationException>(() => ServerConfiguration.Read(["--config", folder["reference.jsonc"]])).Faults);
    }

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

    [Fact]
    public void Every_key_of_the_reference_file_has_a_comment()
    {
        var lines = ReferenceConfiguration.Text.Split('\n');
        var commented = false;
        foreach (var line in lines)
        {
            if (line.TrimStart().StartsWith('"') && !line.TrimEnd().EndsWith('{'))
            {
                Assert.True(commented, line);
            }
            else if (line.Trim().Length > 1)
            {
                commented = line.TrimStart().StartsWith("//", StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_reference_file_says_the_ranges_and_names_that_are_checked()
    {
        string[] text = [.. ReferenceConfiguration.Text.Split('\n').Select(line => line.Trim())];
        var sections = typeof(ServerOptions).GetProperties().Where(section => KeyFaults.IsSection(section.PropertyType)).ToList();
        Assert.Equal(12, sections.Count);
        var ranges = 0;
        foreach (var (section, property) in sections.SelectMany(section => KeyFaults.PropertiesOf(section.PropertyType).Select(property => (section, property))))
        {
            var key = $"{section.Name}:{property.Name}";
            var begin = Array.FindIndex(text, line => line.StartsWith($"\"{section.Name}\":", StringComparison.Ordinal));
            var line = Array.FindIndex(text, begin, line => line.StartsWith($"\"{property.Name}\":", StringComparison.Ordinal));
            var comment = string.Join(' ', text[..line].Reverse().TakeWhile(above => above.StartsWith("//", StringComparison.Ordinal)).Reverse().Select(above => above[2..].Trim()));
            var said = Range().Match(comment);
            if (property.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                // Zero is told apart where it means something of its own: "1 to 1024; 0 takes all cores".
                var least = comment.Contains("; 0 ", StringComparison.Ordinal) ? Math.Min(0, Number(said.Groups[1].Value)) : Number(said.Groups[1].Value);
                Assert.True((least, Number(said.Groups[2].Value)) == (Number(range.Minimum), Number(range.Maximum)), $"{key} is {range.Minimum} to {range.Maximum}; the file says: {comment}");
                ranges++;
            }
            else
            {
                Assert.False(said.Success, $"{key} has no range; the file says: {comment}");
            }

            if (property.PropertyType.IsEnum)
            {
                Assert.All(Enum.GetNames(property.PropertyType), name => Assert.Contains(name, comment, StringComparison.OrdinalIgnoreCase));
            }
        }

        Assert.Equal(44, ranges);

        static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
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
        Assert.Equal(url, ServerConfiguration.Read([.. Required, "--urls", url]).Http.Urls);

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
            "--urls", "https://localhost:1;nonsense;http://*:80/path", "--Http:MaxBodyBytes", "many", "--Http:Colour", "red", "--Limits:Concurrent=0",
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
            "Nothing: there is no such key; known here are Http, Limits, Search, Images, Pictures, Console, Snapshot, Postgres, Ingestion, Inference, Logging, Telemetry",
            "Http:Urls holds 'https://localhost:1'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Http:Urls holds 'nonsense'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Http:Urls holds 'http://*:80/path'; expected an address such as http://127.0.0.1:8080 or http://*:8080, without a path",
            "Limits:Concurrent is 0; expected 1 to 10000",
            "Limits:Queue is -1; expected 0 to 1000000",
            "Limits:RequestTimeoutSeconds is NaN; expected 0.05 to 3600",
            "Search:DefaultTop is 11; expected 1 to 5",
            "Snapshot:Bundle is not set; expected the folder of a bundle",
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

    [Fact]
    public async Task A_bad_configuration_ends_with_2_and_its_faults_and_no_stack_trace()
    {
        using var errors = new StringWriter();

        Assert.Equal(RetrievalServer.InvalidConfiguration, await RetrievalServer.RunAsync(["--Limits:Queue", "x"], errors, TestContext.Current.CancellationToken));
        Assert.Equal(["Limits:Queue is 'x'; expected a whole number", "Snapshot:Bundle", "Snapshot:Index"], errors.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, i) => i == 0 ? line : line.Split(' ')[0]));
    }

    [Fact]
    public async Task An_address_in_use_ends_with_1_and_a_line()
    {
        using var errors = new StringWriter();
        using var socket = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        socket.Start();

        Assert.Equal(RetrievalServer.Failed, await RetrievalServer.RunAsync([.. Required, "--urls", $"http://{socket.LocalEndpoint}", "--log-level", "Fatal"], errors, TestContext.Current.CancellationToken));
        Assert.Contains("address already in use", errors.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_told_to_stop_ends_with_0()
    {
        using var errors = new StringWriter();
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await RetrievalServer.RunAsync([.. Required, "--urls", "http://127.0.0.1:0", "--log-level", "Fatal"], errors, stop.Token));
        Assert.Equal("", errors.ToString());
    }

    [Theory]
    [InlineData("clients.sh", 0, "clients.sh [URL]", "-h")]
    [InlineData("clients.sh", 2, "the URL is 'localhost:8080'; expected one that begins with http:// or https://", "localhost:8080")]
    [InlineData("clients.sh", 2, "the URL is 'ftp://localhost'; expected one that begins with http:// or https://", "ftp://localhost")]
    [InlineData("clients.sh", 2, "2 arguments; expected one URL at most", "http://127.0.0.1:1", "http://127.0.0.1:2")]
    [InlineData("mutate.sh", 0, "mutate.sh Domain", "-h")]
    [InlineData("mutate.sh", 2, "the project is ''; expected one of Bench Cli Domain ")]
    [InlineData("mutate.sh", 2, "the project is 'Nothing'; expected one of ", "Nothing")]
    [InlineData("mutate.sh", 2, "the project is 'Terminal'; expected one of ", "Terminal")]
    [InlineData("mutate.sh", 2, "the project is 'Cli Domain'; expected one of ", "Cli Domain")]
    public async Task A_script_of_eng_checks_its_arguments_before_it_does_anything(string script, int code, string said, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "eng", script), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(code, process.ExitCode);
        Assert.Contains(said, code == 0 ? await output : error, StringComparison.Ordinal);
        Assert.Contains($"eng/{script}", await output + error, StringComparison.Ordinal);
        Assert.Equal(code == 0, error.Length == 0);
    }

    [GeneratedRegex(@"(\d[\d.]*) to (\d+(?:\.\d+)?)")]
    private static partial Regex Range();

    private static List<string> Keys(JsonNode? node, string path) => node switch
    {
        JsonObject section => [.. section.SelectMany(member => Keys(member.Value, path.Length == 0 ? member.Key : $"{path}:{member.Key}"))],
        _ => [$"{path} = {node?.ToJsonString() ?? "null"}"],
    };
}
