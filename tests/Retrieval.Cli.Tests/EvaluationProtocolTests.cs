using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Retrieval.Features.Npy;
using Retrieval.TestKit.Corpora;

namespace Retrieval.Cli.Tests;

/// <summary><c>retrieval evaluate --bundle</c> as papers evaluate: folds, several bundles side by side, captions that vary in number.</summary>
public sealed class EvaluationProtocolTests
{
    [Fact]
    public async Task Folds_of_a_source_and_of_an_index_are_the_means_of_their_parts()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 20);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", source, "--split", "test")).Succeeded();
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "3,all", "--folds", "2"];

        var encoded = (await CommandLineProcess.RunAsync([.. evaluate, "--source", source, "--split", "test", "--json"])).Json();
        var stored = (await CommandLineProcess.RunAsync([.. evaluate, "--index", folder["index"], "--json"])).Json();
        var half = (await CommandLineProcess.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--shortlist", "3,all", "--source", source, "--split", "test", "--limit", "10", "--json")).Json();
        var table = (await CommandLineProcess.RunAsync([.. evaluate, "--index", folder["index"]])).Succeeded().Output;

        Assert.Equal((20, 2), (encoded.GetProperty("images").GetInt32(), encoded.GetProperty("folds").GetInt32()));
        Assert.Equal(JsonValueKind.Null, half.GetProperty("folds").ValueKind);
        Assert.True(JsonElement.DeepEquals(encoded.GetProperty("rows"), stored.GetProperty("rows")));
        Assert.Equal(2 * half.GetProperty("pairsScored").GetInt64(), encoded.GetProperty("pairsScored").GetInt64());
        Assert.Contains("means of 2 folds of 10 images, each ranked by itself", table, StringComparison.Ordinal);
        Assert.All(encoded.GetProperty("rows").EnumerateArray(), row => Assert.Equal(Recalls(row, "textToImage") + Recalls(row, "imageToText"), row.GetProperty("rsum").GetDouble(), 1e-9));
    }

    [Fact]
    public async Task Folds_that_do_not_divide_the_images_are_refused()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 12);

        var refused = await CommandLineProcess.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--source", source, "--split", "test", "--folds", "5");

        Assert.Equal((2, ""), (refused.Code, refused.Output));
        Assert.Contains("test, folds: 12 images cannot be cut into 5 folds of equal size", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("takes about", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folds_of_one_image_are_warned_of()
    {
        using var folder = new TemporaryFolder();
        var source = SampleSplit.Write(folder, 6);
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--source", source, "--split", "test", "--shortlist", "all", "--json", "--folds"];

        var single = await CommandLineProcess.RunAsync([.. evaluate, "6"]);
        var pairs = await CommandLineProcess.RunAsync([.. evaluate, "3"]);

        Assert.Contains("each fold has one image", single.Errors, StringComparison.Ordinal);
        Assert.Equal(6, single.Json().GetProperty("folds").GetInt32());
        Assert.DoesNotContain("each fold has one image", pairs.Succeeded().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_bundles_stand_side_by_side_as_each_would_alone()
    {
        using var folder = new TemporaryFolder();
        var ranked = RankingBundle.Make(folder, "ranking", RankingBundle.Ranking("logit", 3, 12, 5, 17), scale: 8);
        SampleSplit.Write(folder, 10);
        string[] evaluate = ["evaluate", "--source", folder.Path, "--split", "test", "--shortlist", "4,all"];
        string[] both = [.. evaluate, "--bundle", Fixture.Bundle(), "--bundle", ranked];

        var alone = new[]
        {
            (await CommandLineProcess.RunAsync([.. evaluate, "--bundle", Fixture.Bundle(), "--json"])).Json(),
            (await CommandLineProcess.RunAsync([.. evaluate, "--bundle", ranked, "--json"])).Json(),
        };
        var together = (await CommandLineProcess.RunAsync([.. both, "--json"])).Json().EnumerateArray().ToList();
        var table = (await CommandLineProcess.RunAsync(both)).Succeeded().Output;
        var markdown = (await CommandLineProcess.RunAsync([.. both, "--markdown"])).Succeeded().Output;

        Assert.Equal(2, together.Count);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(alone[i].GetProperty("model").GetString(), together[i].GetProperty("model").GetString());
            Assert.True(JsonElement.DeepEquals(alone[i].GetProperty("rows"), together[i].GetProperty("rows")));
        }

        string[] labels = [.. together.Select(result => result.GetProperty("model").GetString()!)];
        Assert.NotEqual(labels[0], labels[1]);
        Assert.All(labels, label => Assert.Matches("^[a-z0-9-]+@[0-9a-f]{12}$", label));
        Assert.All(labels, label => Assert.Contains(label, table, StringComparison.Ordinal));

        // Three tables; in each a row for each ranking method of each bundle, in the order of the command line.
        var lines = markdown.Split('\n');
        Assert.Equal(["### text to image", "### image to text", "### both directions"], lines.Where(line => line.StartsWith('#')));
        var (first, second) = (alone[0].GetProperty("rows").GetArrayLength(), alone[1].GetProperty("rows").GetArrayLength());
        Assert.Equal(
            Enumerable.Repeat(Enumerable.Repeat(labels[0], first).Concat(Enumerable.Repeat(labels[1], second)), 3).SelectMany(names => names),
            lines.Where(line => labels.Any(label => line.StartsWith($"| {label} |", StringComparison.Ordinal))).Select(line => line.Split(" | ")[0][2..]));
        Assert.All(lines.Where(line => line.StartsWith('|')).Chunk(2 + first + second), part => Assert.Single(part.Select(line => line.Count(c => c == '|')).Distinct()));
        Assert.Contains("| image to text R@1 | R@5 | R@10 | text to image R@1 | R@5 | R@10 | rsum |", markdown, StringComparison.Ordinal);
        var full = alone[1].GetProperty("rows").EnumerateArray().Last();
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $" | {full.GetProperty("rsum").GetDouble():F1} |"), lines.Last(line => line.StartsWith('|')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_bundles_fault_shows_before_the_first_is_evaluated()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        var damaged = Fixture.CopyOfBundle(folder, Fixture.Compact);
        await File.AppendAllTextAsync(Path.Combine(damaged, "vocabulary.json"), " ", TestContext.Current.CancellationToken);
        string[] evaluate = ["evaluate", "--source", folder.Path, "--split", "test", "--bundle", Fixture.Bundle(), "--bundle"];

        (await CommandLineProcess.RunAsync([.. evaluate, damaged])).Refused("vocabulary.json");
        (await CommandLineProcess.RunAsync([.. evaluate, folder["none"]])).Refused(folder["none"]);
        (await CommandLineProcess.RunAsync([.. evaluate, Fixture.Bundle()])).Refused("are the same bundle", "@");
    }

    [Fact]
    public async Task What_was_found_before_a_later_bundle_fails_is_written()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        var broken = Fixture.CopyOfBundle(folder, Fixture.Compact);
        await ReplaceAsync(broken, "scorer_text_to_image.onnx", "no graph"u8.ToArray());

        var outcome = await CommandLineProcess.RunAsync(
            "evaluate", "--source", folder.Path, "--split", "test", "--shortlist", "2", "--json", "--bundle", Fixture.Bundle(), "--bundle", broken);

        Assert.Equal(2, outcome.Code);
        Assert.Contains("scorer_text_to_image.onnx", outcome.Errors.Trim().Split('\n')[^1], StringComparison.Ordinal);
        Assert.Equal(2, Assert.Single(JsonDocument.Parse(outcome.Output).RootElement.EnumerateArray()).GetProperty("rows").GetArrayLength());
    }

    [Fact]
    public async Task A_score_matrix_is_shown_as_markdown_and_one_caption_is_not_captions()
    {
        using var folder = new TemporaryFolder();
        NpyWriter.Write(folder["scores.npy"], new float[] { 2, 1, 0, 1 }, 2, 2);

        var markdown = (await CommandLineProcess.RunAsync("evaluate", "--scores", folder["scores.npy"], "--captions-per-image", "1", "--markdown")).Succeeded().Output;

        Assert.Equal(
            """
            ### 2 images of 1 caption

            | direction | R@1 | R@5 | R@10 | median rank | mean rank |
            | --- | ---: | ---: | ---: | ---: | ---: |
            | image to text | 100.0 | 100.0 | 100.0 | 1.0 | 1.00 |
            | text to image | 50.0 | 100.0 | 100.0 | 1.0 | 1.50 |

            sum of the six recalls (rsum): 550.0

            """,
            markdown);
    }

    [Fact]
    public async Task Images_of_a_tsv_file_may_have_different_numbers_of_captions()
    {
        using var folder = new TemporaryFolder();
        WriteTsv(folder, 9);

        var found = (await CommandLineProcess.RunAsync(
            "evaluate", "--bundle", Fixture.Bundle(), "--tsv", folder["features.tsv"], "--captions", folder["captions.json"], "--shortlist", "all", "--json")).Json();
        var folds = (await CommandLineProcess.RunAsync(
            "evaluate", "--bundle", Fixture.Bundle(), "--tsv", folder["features.tsv"], "--captions", folder["captions.json"], "--shortlist", "all", "--folds", "3", "--json")).Json();

        // 0, 1 and 2 captions in turn: an image without captions is no query, and ranks among the others.
        Assert.Equal((9, 9), (found.GetProperty("images").GetInt32(), found.GetProperty("captions").GetInt32()));
        Assert.Equal((6, 9), (found.GetProperty("queries").GetProperty("imageToText").GetInt32(), found.GetProperty("queries").GetProperty("textToImage").GetInt32()));
        Assert.Equal((9L * 9, 3L * 3 * 3), (found.GetProperty("pairsScored").GetInt64(), folds.GetProperty("pairsScored").GetInt64()));
    }

    [Fact]
    public async Task What_the_evaluation_makes_lies_in_the_chosen_folder_and_is_gone_afterwards()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        var files = Directory.GetFileSystemEntries(folder.Path);
        var work = folder["work/deep"];
        string[] evaluate = ["evaluate", "--bundle", Fixture.Bundle(), "--source", folder.Path, "--split", "test", "--shortlist", "2", "--json", "--work"];

        var outcome = (await CommandLineProcess.RunAsync([.. evaluate, work])).Succeeded();

        Assert.Matches($"takes about [0-9.]+ KiB in {work}/retrieval-evaluate-[^ ]+, where [0-9.]+ [KMGT]iB are free", outcome.Errors);
        Assert.False(Directory.Exists(folder["work"]));
        (await CommandLineProcess.RunAsync([.. evaluate, folder.Path])).Succeeded();
        Assert.Equal(files, Directory.EnumerateFileSystemEntries(folder.Path));
        (await CommandLineProcess.RunAsync([.. evaluate, folder["test_caps.txt"]])).Refused("--work", "test_caps.txt is a file");
    }

    [Fact]
    public async Task A_split_whose_index_the_disk_cannot_hold_is_refused_before_anything_is_encoded()
    {
        using var folder = new TemporaryFolder();
        const long images = 2_000_000_000;
        await WriteSparseAsync(folder["test_ims.npy"], images);
        Directory.CreateDirectory(folder["work"]);

        (await CommandLineProcess.RunAsync("evaluate", "--bundle", Fixture.Bundle(), "--source", folder.Path, "--split", "test", "--work", folder["work"]))
            .Refused("--work: the index for the evaluation needs about", "TiB", "bytes", folder["work"], "free", "--limit");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["work"]));
    }

    private static double Recalls(JsonElement row, string direction) => new[] { "r1", "r5", "r10" }.Sum(name => row.GetProperty(direction).GetProperty(name).GetDouble());

    // A file of a bundle that is what the manifest says, but of no use: it shows when the bundle is loaded.
    private static async Task ReplaceAsync(string bundle, string name, byte[] content)
    {
        await File.WriteAllBytesAsync(Path.Combine(bundle, name), content, TestContext.Current.CancellationToken);
        var path = Path.Combine(bundle, "bundle.json");
        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken))!;
        manifest["files"]![name]!["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content));
        manifest["files"]![name]!["bytes"] = content.Length;
        await File.WriteAllTextAsync(path, manifest.ToJsonString(), TestContext.Current.CancellationToken);
    }

    // Features of zeros, of which the disk stores nothing.
    private static async Task WriteSparseAsync(string path, long images)
    {
        var header = $"{{'descr': '<f2', 'fortran_order': False, 'shape': ({images}, {Fixture.Regions}, {Fixture.Width}), }}".PadRight(117) + "\n";
        await using var file = File.Create(path);
        byte[] start = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header)];
        await file.WriteAsync(start, TestContext.Current.CancellationToken);
        file.SetLength(file.Length + (images * Fixture.Regions * Fixture.Width * 2));
    }

    private static void WriteTsv(TemporaryFolder folder, int images)
    {
        var random = new Random(5);
        var lines = new StringBuilder();
        var captions = new Dictionary<string, string[]>();
        var boxes = Convert.ToBase64String(new byte[Fixture.Regions * 4 * sizeof(float)]);
        for (var image = 0; image < images; image++)
        {
            var features = Convert.ToBase64String([.. Corpus.RandomRegions(random).SelectMany(BitConverter.GetBytes)]);
            lines.Append(CultureInfo.InvariantCulture, $"{image}\t640\t480\t{Fixture.Regions}\t{boxes}\t{features}\n");
            captions[image.ToString(CultureInfo.InvariantCulture)] = [.. Enumerable.Range(0, image % 3).Select(i => $"w{4 + image} w{20 + i}")];
        }

        folder.Write("features.tsv", lines.ToString());
        folder.Write("captions.json", JsonSerializer.Serialize(captions));
    }
}
