using System.Text.Json;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Cli.Tests;

/// <summary><c>retrieval explain</c>, and what it draws.</summary>
public sealed class ExplainTests(ExplainTests.Explained explained) : IClassFixture<ExplainTests.Explained>
{
    private static readonly string[] Pair = ["--image", "img#0001", "--caption", "w4 unheard w9"];

    [Fact]
    public async Task A_table_shows_both_stages_the_words_and_their_regions_with_boxes()
    {
        var table = (await explained.RunAsync(Pair)).Succeeded().Output;

        Assert.All(
            new[] { "score", "coarse score", "ranking score, the image as a hit", "words the model does not know", "unheard", "<start>", "<end>", "word_gate", "word_attention", "█", "regions with the largest region_importance", "How far each word's gate opened", "computed on" },
            part => Assert.Contains(part, table, StringComparison.Ordinal));
        Assert.Matches(@"0\.\d\d #\d+ \(", table);
    }

    [Fact]
    public async Task Verifying_the_bundle_tells_what_it_explains_and_how_far_it_is_from_the_export()
    {
        var output = (await CommandLineProcess.RunAsync("bundle", "verify", Explained.Bundle)).Succeeded().Output;

        Assert.Contains("word_attention, word_gate", output, StringComparison.Ordinal);
        Assert.Contains("outputs of the explainer, relative", output, StringComparison.Ordinal);
        Assert.Contains("nothing: there is no explainer", (await CommandLineProcess.RunAsync("bundle", "verify", Fixture.Bundle())).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_the_scores_of_the_search_and_all_outputs()
    {
        var hit = (await CommandLineProcess.RunAsync("search", "--bundle", Explained.Bundle, "--index", explained.Index, "--caption", "w4 unheard w9", "--top", "1", "--json")).Json().GetProperty("hits")[0];

        var pair = (await explained.RunAsync("--image", hit.GetProperty("id").GetString()!, "--caption", "w4 unheard w9", "--json")).Json();

        Assert.Equal(hit.GetProperty("score").GetSingle(), pair.GetProperty("score").GetSingle(), 1e-5f);
        Assert.Equal(hit.GetProperty("rankingScore").GetDouble(), pair.GetProperty("rankingScores").GetProperty("textToImage").GetDouble(), 1e-3);
        var attention = pair.GetProperty("outputs").EnumerateArray().Single(output => output.GetProperty("name").GetString() == "word_attention");
        Assert.Equal([5, 36], attention.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()));
    }

    [Fact]
    public async Task Features_and_a_caption_of_the_index_are_explained_too_and_a_caption_is_read_from_standard_input()
    {
        var features = explained.Folder.WriteNpy("features.npy", explained.Corpus.Regions[1], Corpus.RegionCount, Corpus.RegionWidth);
        var byId = (await explained.RunAsync("--image", "img#0001", "--caption-id", "img#0001#0", "--json")).Json();
        var byFile = (await CommandLineProcess.RunAsync(
            System.Text.Encoding.UTF8.GetBytes(explained.Corpus.Captions[1][0] + "\n"), ["explain", "--bundle", Explained.Bundle, "--index", explained.Index, "--features", features, "--caption", "-", "--json"])).Json();

        Assert.Equal(byId.GetProperty("score").GetSingle(), byFile.GetProperty("score").GetSingle(), 1e-5f);
        Assert.Equal(JsonValueKind.Null, byFile.GetProperty("image").GetProperty("boxes").ValueKind);
    }

    [Fact]
    public async Task A_drawing_is_a_png_of_the_pictures_proportions_with_room_for_the_words()
    {
        var (empty, onPicture) = (explained.Folder["empty.png"], explained.Folder["on.png"]);
        var picture = explained.Folder.Write("picture.png", Png.Of(200, 100));

        (await explained.RunAsync([.. Pair, "--png", empty])).Succeeded();
        (await explained.RunAsync([.. Pair, "--png", onPicture, "--picture", picture])).Succeeded();

        // One line of words: 54 pixels.
        Assert.Equal((1024, 512 + 54), Png.SizeOf(await File.ReadAllBytesAsync(onPicture, TestContext.Current.CancellationToken)));
        var (width, height) = Png.SizeOf(await File.ReadAllBytesAsync(empty, TestContext.Current.CancellationToken));
        Assert.True(Math.Max(width, height - 54) == 1024, $"{width} × {height}");
        Assert.Empty(Directory.GetFiles(explained.Folder.Path, "*.part"));
    }

    [Fact]
    public async Task Pictures_that_are_none_or_too_large_are_refused_and_nothing_is_written()
    {
        var png = explained.Folder["none.png"];
        (await DrawOn(explained.Folder.Write("text.jpg", "no picture"))).Refused("text.jpg", "is no picture");
        (await DrawOn(explained.Folder.Write("large.png", Png.Of(10_000, 10_000)))).Refused("large.png", "has 10000 × 10000 pixels", "at most 40000000");
        (await DrawOn(explained.Folder.Write("cut.png", Png.Of(200, 100)[..60]))).Refused("cut.png");
        (await DrawOn(explained.Folder["missing.png"])).Refused("missing.png");
        (await DrawOn(explained.Folder.Path)).Refused("none of the regular kind");
        Assert.False(File.Exists(png));

        Task<Outcome> DrawOn(string picture) => explained.RunAsync([.. Pair, "--png", png, "--picture", picture]);
    }

    [Fact]
    public async Task What_cannot_be_drawn_or_found_is_refused_with_the_option_to_change()
    {
        var png = explained.Folder["refused.png"];
        (await explained.RunAsync("--image", "img#0001")).Refused("give either --caption TEXT or --caption-id ID");
        (await explained.RunAsync("--image", "a", "--features", "b", "--caption", "w4")).Refused("give either --image ID or --features FILE");
        (await explained.RunAsync("--features", "b", "--caption", "w4", "--png", png)).Refused("give --image ID in the place of --features");
        (await explained.RunAsync([.. Pair, "--picture", "p.png"])).Refused("give --png FILE");
        (await explained.RunAsync([.. Pair, "--png", Path.Combine(explained.Folder.Path, "missing", "a.png")])).Refused("--png: there is no folder");
        (await explained.RunAsync([.. Pair, "--png", explained.Folder.Path])).Refused("is a folder");
        (await explained.RunAsync("--image", "nobody", "--caption", "w4")).Refused("unknown image id 'nobody'");
        (await explained.RunAsync("--features", explained.Folder.WriteNpy("other.npy", new float[70], 2, 35), "--caption", "w4")).Refused("other.npy, shape: (2, 35); expected (36, 64)");
        (await CommandLineProcess.RunAsync(["explain", "--bundle", Fixture.Bundle(), "--index", explained.Plain, "--image", SampleSplit.Id(1), "--caption", "w4", "--png", png])).Refused("has no explainer", "models/exporter/export.py");
        (await CommandLineProcess.RunAsync(["explain", "--bundle", Explained.Bundle, "--index", explained.WithoutBoxes, "--image", SampleSplit.Id(1), "--caption", "w4", "--png", png])).Refused("--png", "has no boxes in the index");
        Assert.False(File.Exists(png));
    }

    public sealed class Explained : IAsyncLifetime
    {
        internal static string Bundle { get; } = Fixture.Bundle("ranking-logit-explained");

        internal TemporaryFolder Folder { get; } = new();

        internal Corpus Corpus { get; } = Corpus.Make(4, 1, 7);

        internal string Index => Folder["index"];

        internal string Plain => Folder["plain"];

        internal string WithoutBoxes => Folder["boxless"];

        public async ValueTask InitializeAsync()
        {
            Corpus.Write(Folder.Path);
            SampleSplit.Write(Folder, 4);
            await IngestAsync(Bundle, Index, Corpus.Split);
            await IngestAsync(Fixture.Bundle(), Plain, "test");
            await IngestAsync(Bundle, WithoutBoxes, "test");
        }

        internal Task<Outcome> RunAsync(params string[] args) => CommandLineProcess.RunAsync(["explain", "--bundle", Bundle, "--index", Index, .. args]);

        public ValueTask DisposeAsync()
        {
            Folder.Dispose();
            return ValueTask.CompletedTask;
        }

        private async Task IngestAsync(string bundle, string index, string split) =>
            (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--index", index, "--source", Folder.Path, "--split", split)).Succeeded();
    }
}
