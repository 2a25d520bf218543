namespace Retrieval.Cli.Tests;

/// <summary>Sources that cannot be used are refused before an index is made.</summary>
[Trait("Promise", "6")]
public sealed class IngestRefusalTests
{
    [Fact]
    public async Task A_caption_file_of_the_wrong_length_is_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);
        await File.AppendAllTextAsync(folder["test_caps.txt"], "one too many\n", TestContext.Current.CancellationToken);

        (await IngestAsync(folder)).Refused("test_caps.txt", "13");
        Assert.False(Directory.Exists(folder["index"]));
    }

    [Fact]
    public async Task A_row_with_more_than_may_be_stored_is_rejected_with_its_reason()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 3);
        await File.WriteAllLinesAsync(folder["test_metadata.jsonl"], ["{}", $$"""{"a":"{{new string('x', 20_000)}}"}""", "{}"], TestContext.Current.CancellationToken);

        var report = (await IngestAsync(folder, "--json")).Json();
        Assert.Equal((2, 1), (report.GetProperty("ingested").GetInt32(), report.GetProperty("rejected").GetInt32()));
        var rejects = await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(folder["index"], "rejects")).Single(), TestContext.Current.CancellationToken);
        Assert.Contains("20008 bytes of metadata as compact JSON, expected at most 16384 an image", rejects, StringComparison.Ordinal);

        Assert.Equal(1, (await IngestAsync(folder, "--restart", "--max-metadata-bytes", "30000", "--json")).Json().GetProperty("ingested").GetInt32());
        var none = await IngestAsync(folder, "--dry-run", "--max-captions", "1", "--json");
        Assert.Equal(1, none.Code);
        Assert.Contains("\"rejected\": 3", none.Output, StringComparison.Ordinal);
        Assert.Contains("nothing of it can be stored", none.Errors, StringComparison.Ordinal);
        (await IngestAsync(folder, "--max-metadata-bytes", "2000000")).Refused("--max-metadata-bytes is '2000000'", "1048576");
    }

    [Fact]
    public async Task A_source_without_an_image_fails_and_leaves_no_index_to_serve()
    {
        using var folder = new TemporaryFolder();
        folder.Write("only.tsv", "image_id\timage_w\timage_h\tnum_boxes\tboxes\tfeatures\n"u8.ToArray());

        foreach (var more in new[] { new[] { "--index", folder["index"] }, ["--dry-run"] })
        {
            var run = await CommandLineProcess.RunAsync(["ingest", "--bundle", Fixture.Bundle(), "--tsv", folder["only.tsv"], .. more]);
            Assert.Equal(1, run.Code);
            Assert.Contains(more.Length == 2 ? "only.tsv: it has no images" : "only.tsv: nothing of it can be stored", run.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_caption_that_is_not_utf8_is_listed_with_its_line_and_with_strict_the_run_says_so_by_its_code()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 2);
        folder.Write("test_caps.txt", [.. "a\nb\n"u8, 0xC3, 0x28, .. "\nd\n"u8]);

        var run = await CommandLineProcess.RunAsync(["ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--strict"]);

        Assert.Equal(1, run.Code);
        Assert.Contains("line 3: not UTF-8: byte 0xC3", run.Output + run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Captions_an_image_that_the_files_do_not_have_are_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 6);

        (await IngestAsync(folder, "--captions-per-image", "3")).Refused("test_caps.txt", "18 with 3 captions an image");
        (await IngestAsync(folder, "--captions-per-image", "0")).Refused("--captions-per-image is '0'");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--tsv", "x.tsv", "--captions-per-image", "2")).Refused("--captions-per-image goes with --source");
        Assert.Equal(6, (await IngestAsync(folder, "--captions-per-image", "2", "--json")).Json().GetProperty("ingested").GetInt32());
    }

    [Fact]
    public async Task Features_of_another_width_are_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 2);
        Retrieval.Features.Npy.NpyWriter.Write(folder["test_ims.npy"], new float[2 * 36 * 65], 2, 36, 65);

        (await IngestAsync(folder)).Refused("test_ims.npy, shape", "65", "64");
    }

    [Fact]
    public async Task Features_cut_short_are_refused()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 2);
        var bytes = await File.ReadAllBytesAsync(folder["test_ims.npy"], TestContext.Current.CancellationToken);
        folder.Write("test_ims.npy", bytes[..^1]);

        (await IngestAsync(folder)).Refused("test_ims.npy", "truncated");
    }

    [Fact]
    public async Task Empty_captions_reject_their_row_alone()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 3);
        folder.Write("test_caps.txt", "a\n\nb\nc\nd\n" + new string('x', 20_000) + "\n");

        var report = (await IngestAsync(folder, "--json")).Json();

        Assert.Equal([0, 2], report.GetProperty("rejects").EnumerateArray().Select(reject => reject.GetProperty("row").GetInt32()));
    }

    [Fact]
    public async Task A_tsv_file_is_ingested_with_the_captions_beside_it()
    {
        using var folder = new TemporaryFolder();
        var features = Convert.ToBase64String(new byte[Fixture.Regions * Fixture.Width * sizeof(float)]);
        var boxes = Convert.ToBase64String(new byte[Fixture.Regions * 4 * sizeof(float)]);
        folder.Write("features.tsv", $"7\t640\t480\t{Fixture.Regions}\t{boxes}\t{features}\n8\t640\t480\t{Fixture.Regions}\t{boxes}\tbroken\n");
        folder.Write("captions.json", """{"7": ["w4 w5", "w6"], "8": ["w7"]}""");

        var report = (await CommandLineProcess.RunAsync(
            "ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--tsv", folder["features.tsv"], "--captions", folder["captions.json"], "--json")).Json();

        Assert.Equal((1, 2, 1), (report.GetProperty("ingested").GetInt32(), report.GetProperty("captions").GetInt32(), report.GetProperty("rejected").GetInt32()));
    }

    [Fact]
    public async Task A_garbage_file_is_no_source_and_the_run_fails()
    {
        using var folder = new TemporaryFolder();
        var garbage = new byte[4096];
        new Random(1).NextBytes(garbage);
        folder.Write("features.tsv", garbage);

        var failed = await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--tsv", folder["features.tsv"]);

        Assert.Equal((2, ""), (failed.Code, failed.Output));
        Assert.Contains("features.tsv: no TSV file of features: line 1 has ", failed.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_which_every_row_is_refused_fails_the_run_with_its_reasons()
    {
        using var folder = new TemporaryFolder();
        folder.Write("features.tsv", "a\t1\t1\t1\t\t\nb\t1\t1\t1\t\t\n");

        var failed = await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--tsv", folder["features.tsv"]);

        Assert.Equal(1, failed.Code);
        Assert.Contains("every row of it was refused (2 rejects), and nothing was stored", failed.Errors, StringComparison.Ordinal);
        Assert.Contains("rejects", failed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_that_do_not_go_together_are_refused()
    {
        var bundle = Fixture.Bundle();
        (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--source", "x", "--split", "test")).Refused("name one: --index DIR, or --postgres CONNECTION");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--index", "i")).Refused("--source DIR --split NAME, --tsv FILE, --arrays DIR, or --hdf5 FILE");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--index", "i", "--source", "x")).Refused("go together");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--index", "i", "--source", "x", "--split", "t", "--batch", "0")).Refused("--batch", "1 to 4096");
        (await CommandLineProcess.RunAsync("ingest", "--index", "i", "--source", "x", "--split", "t")).Refused("--bundle");
        (await CommandLineProcess.RunAsync("ingest", "--bundle", bundle, "--index", "i", "--source", "x", "--split", "t", "--nonsense")).Refused("--nonsense");
    }

    private static Task<Outcome> IngestAsync(TemporaryFolder folder, params string[] more) => CommandLineProcess.RunAsync(
        ["ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", .. more]);
}
