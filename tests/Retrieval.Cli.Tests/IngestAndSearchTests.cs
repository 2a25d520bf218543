using System.Text.Json;

namespace Retrieval.Cli.Tests;

/// <summary>One index, ingested once, asked many things.</summary>
public sealed class IngestAndSearchTests(IngestAndSearchTests.Corpus corpus) : IClassFixture<IngestAndSearchTests.Corpus>
{
    private const int Images = 40;

    [Fact]
    public void Ingestion_says_what_it_did()
    {
        var report = corpus.Report;

        Assert.Equal((Images, Images - 1, 1), (report.GetProperty("rows").GetInt32(), report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32()));
        var reject = Assert.Single(report.GetProperty("rejects").EnumerateArray());
        Assert.Equal((7, SampleSplit.Id(7)), (reject.GetProperty("row").GetInt32(), reject.GetProperty("id").GetString()));
        Assert.Contains("NaN", reject.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Single(File.ReadAllLines(report.GetProperty("rejectsFile").GetString()!));
    }

    [Fact]
    public async Task Again_it_changes_nothing_and_remembers_the_rejects()
    {
        var before = (await corpus.RunAsync("index", "hash")).Succeeded().Output;

        var again = await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", corpus.Index, "--source", corpus.Source, "--split", "test", "--strict", "--json");

        Assert.Equal(1, again.Code);
        var report = JsonDocument.Parse(again.Output).RootElement;
        Assert.Equal((Images, 0, 1), (report.GetProperty("resumedAtRow").GetInt32(), report.GetProperty("ingested").GetInt32(), report.GetProperty("allRuns").GetProperty("rejected").GetInt32()));
        Assert.Equal(before, (await corpus.RunAsync("index", "hash")).Output);
    }

    [Fact]
    public async Task A_table_says_where_the_rejects_are_and_that_all_rows_were_read_before()
    {
        var table = (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", corpus.Index, "--source", corpus.Source, "--split", "test")).Succeeded().Output;

        Assert.Contains(corpus.Report.GetProperty("rejectsFile").GetString()!, table, StringComparison.Ordinal);
        Assert.Contains("all of them by an earlier run; --restart", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_needs_no_index_and_finds_the_same_rejects()
    {
        var report = (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--source", corpus.Source, "--split", "test", "--dry-run", "--json")).Json();

        Assert.Equal((Images - 1, 1), (report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32()));
        Assert.Equal(JsonValueKind.Null, report.GetProperty("generation").ValueKind);
        var estimate = report.GetProperty("estimate");
        Assert.Equal((Images - 1, (Images - 1) * SampleSplit.CaptionsPerImage), (estimate.GetProperty("images").GetInt32(), estimate.GetProperty("captions").GetInt32()));
        Assert.InRange(estimate.GetProperty("indexBytes").GetInt64(), 1, estimate.GetProperty("catalogBytes").GetInt64());
        Assert.True(estimate.GetProperty("seconds").GetDouble() > 0);

        var table = (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--source", corpus.Source, "--split", "test", "--dry-run")).Succeeded().Output;
        Assert.Contains("nothing was stored", table, StringComparison.Ordinal);
        Assert.Contains("not checked: what the encoders give (a row they give NaN for is rejected only then), and the index", table, StringComparison.Ordinal);
        Assert.Contains("estimated: bytes from the bundle's record sizes", table, StringComparison.Ordinal);
        Assert.DoesNotContain("valid", table, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_and_verify_agree_with_what_was_ingested()
    {
        var status = (await corpus.RunAsync("index", "status", "--json")).Json();
        var verified = (await corpus.RunAsync("index", "verify", "--json")).Json();

        Assert.Equal((Images - 1, (Images - 1) * SampleSplit.CaptionsPerImage), (status.GetProperty("images").GetProperty("count").GetInt32(), status.GetProperty("captions").GetProperty("count").GetInt32()));
        Assert.Equal(Images, Assert.Single(status.GetProperty("sources").EnumerateArray()).GetProperty("nextRow").GetInt32());
        Assert.True(verified.GetProperty("ok").GetBoolean());
        Assert.Equal((await corpus.RunAsync("index", "hash")).Output.Trim(), verified.GetProperty("contentHash").GetString());
        Assert.Contains("generation", (await corpus.RunAsync("index", "status")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caption_finds_images_and_says_how_it_was_read()
    {
        var answer = (await corpus.SearchAsync("--caption", "w4 zebra w9", "--top", "3", "--shortlist", "20", "--json")).Json();

        Assert.Equal(["w4", "zebra", "w9"], Strings(answer.GetProperty("query").GetProperty("tokens")));
        Assert.Equal(["zebra"], Strings(answer.GetProperty("query").GetProperty("unknownTokens")));
        Assert.Equal((20, 20), (answer.GetProperty("shortlisted").GetInt32(), answer.GetProperty("reranked").GetInt32()));
        var scores = answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("score").GetSingle()).ToList();
        Assert.Equal(3, scores.Count);
        Assert.Equal(scores.OrderDescending(), scores);
    }

    [Fact]
    public async Task An_image_finds_captions()
    {
        var answer = (await corpus.SearchAsync("--image", SampleSplit.Id(3), "--top", "4", "--json")).Json();

        Assert.Equal(4, answer.GetProperty("hits").GetArrayLength());
        Assert.All(answer.GetProperty("hits").EnumerateArray(), hit => Assert.StartsWith("w", hit.GetProperty("caption").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_filter_holds_for_every_hit()
    {
        var answer = (await corpus.SearchAsync("--caption", "w4 w5", "--top", "40", "--filter", "half=second", "--json")).Json();

        Assert.Equal(Images / 2, answer.GetProperty("hits").GetArrayLength());
        Assert.All(answer.GetProperty("hits").EnumerateArray(), hit => Assert.Equal("second", hit.GetProperty("metadata").GetProperty("half").GetString()));
        (await corpus.SearchAsync("--caption", "w4", "--filter", "half")).Refused("--filter", "KEY=VALUE");
    }

    [Theory]
    [InlineData("year=2003", "3")]
    [InlineData("year=2003.0", "3")]
    [InlineData("year=2003 year=2005", "3 5")]
    [InlineData("year>=2003 year<2005", "3 4")]
    [InlineData("year>2003 year<=2006 even=true", "4 6")]
    [InlineData("year<2002 year=2009", "0 1 9")]
    [InlineData("year>2002 year<2005 half=none", "")]
    public async Task A_filter_compares_numbers_and_booleans(string filter, string images)
    {
        string[] conditions = [.. filter.Split(' ').SelectMany(condition => new[] { "--filter", condition })];
        var answer = (await corpus.SearchAsync(["--caption", "w4 w5", "--top", "40", .. conditions, "--json"])).Json();

        var found = answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("metadata").GetProperty("year").GetInt32() - 2000).Order();
        Assert.Equal(images, string.Join(' ', found));
    }

    [Theory]
    [InlineData("year>=new", "'year>=new': 'new' is no number")]
    [InlineData("=2003", "KEY>=NUMBER")]
    [InlineData("year>1 year>2", "year> is given twice")]
    [InlineData("year>1 year>=2", "year: the range has gt and gte; expected one of them")]
    [InlineData("year>5 year<5", "year: no number lies in the range")]
    public async Task A_filter_that_makes_no_sense_is_refused(string filter, string reason)
    {
        (await corpus.SearchAsync(["--caption", "w4", .. filter.Split(' ').SelectMany(condition => new[] { "--filter", condition })])).Refused("--filter", reason);
    }

    [Fact]
    public async Task A_table_is_for_people()
    {
        var outcome = (await corpus.SearchAsync("--caption", "w4 zebra", "--top", "2")).Succeeded();

        Assert.Contains("words the model does not know: zebra", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("half=", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', outcome.Output);
    }

    [Theory]
    [InlineData("0", "is '0'")]
    [InlineData("2147483648", "is '2147483648'")]
    [InlineData("-1", "is '-1'")]
    [InlineData("ten", "is 'ten'")]
    public async Task A_number_of_hits_out_of_bounds_is_refused(string top, string found) =>
        (await corpus.SearchAsync("--caption", "w4", "--top", top)).Refused("--top", found, "1 to 1000");

    [Fact]
    public async Task Captions_that_cannot_be_are_refused()
    {
        (await corpus.SearchAsync("--caption", "")).Refused("caption", "no words");
        (await corpus.SearchAsync("--caption", " \t ")).Refused("caption", "no words");
        (await corpus.SearchAsync(input: "a\0b"u8.ToArray(), "--caption", "-")).Refused("caption", "NUL");
        (await corpus.SearchAsync(input: [0x61, 0xFF], "--caption", "-")).Refused("caption", "not UTF-8");
        (await corpus.SearchAsync(input: [.. Enumerable.Repeat((byte)'a', 1 << 20)], "--caption", "-")).Refused("caption", "1048576 characters");
        (await corpus.SearchAsync(input: [.. Enumerable.Repeat((byte)'a', (1 << 20) + 1)], "--caption", "-")).Refused("caption", "more than 1048576 bytes");
    }

    [Fact]
    public async Task Images_and_indexes_that_are_not_there_are_refused()
    {
        (await corpus.SearchAsync("--image", "nobody")).Refused("unknown image id 'nobody'");
        (await CommandLineProcess.RunAsync("search", "--bundle", Fixture.Bundle(), "--index", corpus.Folder["none"], "--caption", "w4")).Refused("no index");
        (await CommandLineProcess.RunAsync("search", "--bundle", Fixture.Bundle(Fixture.Compact), "--index", corpus.Index, "--caption", "w4")).Refused("bundle fingerprint");
        (await corpus.SearchAsync()).Refused("--caption", "--image");
    }

    [Fact]
    public async Task Another_source_replaces_an_image_only_if_told_to()
    {
        using var one = new TemporaryFolder();
        using var other = new TemporaryFolder();
        SampleSplit.Write(one, 4);
        SampleSplit.Write(other, 3, seed: 2);
        Task<Outcome> IngestAsync(TemporaryFolder source, params string[] options) => CommandLineProcess.RunAsync(
            ["ingest", "--bundle", Fixture.Bundle(), "--index", one["index"], "--source", source.Path, "--split", "test", "--json", .. options]);
        (await IngestAsync(one)).Succeeded();

        var failed = await IngestAsync(other);
        Assert.Equal(1, failed.Code);
        Assert.Contains("every row of it was refused (3 rejects)", failed.Errors, StringComparison.Ordinal);
        using var report = JsonDocument.Parse(failed.Output);
        var refused = report.RootElement;
        var replaced = (await IngestAsync(other, "--restart", "--replace")).Json();

        Assert.Equal((0, 0, 3), (refused.GetProperty("ingested").GetInt32(), refused.GetProperty("replaced").GetInt32(), refused.GetProperty("rejected").GetInt32()));
        Assert.Contains("told to replace", refused.GetProperty("rejects")[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal((3, 3, 0), (replaced.GetProperty("ingested").GetInt32(), replaced.GetProperty("replaced").GetInt32(), replaced.GetProperty("rejected").GetInt32()));
    }

    [Fact]
    public async Task Another_bundle_may_not_add_to_an_index() =>
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(Fixture.Compact), "--index", corpus.Index, "--source", corpus.Source, "--split", "test")).Refused("bundle fingerprint");

    private static IEnumerable<string> Strings(JsonElement list) => list.EnumerateArray().Select(item => item.GetString()!);

    public sealed class Corpus : IAsyncLifetime
    {
        public TemporaryFolder Folder { get; } = new();

        public string Source => Folder.Path;

        public string Index => Folder["index"];

        public JsonElement Report { get; private set; }

        public async ValueTask InitializeAsync()
        {
            SampleSplit.Write(Folder, Images, badRow: row => row == 7);
            Report = (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", Index, "--source", Source, "--split", "test", "--json")).Json();
        }

        internal Task<Outcome> RunAsync(params string[] args) => CommandLineProcess.RunAsync([.. args, "--index", Index]);

        internal Task<Outcome> SearchAsync(params string[] args) => SearchAsync([], args);

        internal Task<Outcome> SearchAsync(byte[] input, params string[] args) =>
            CommandLineProcess.RunAsync(input, ["search", "--bundle", Fixture.Bundle(), "--index", Index, .. args]);

        public ValueTask DisposeAsync()
        {
            Folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
