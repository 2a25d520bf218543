namespace Retrieval.Cli.Tests;

/// <summary>The command that writes an example of every form, and what the command line makes of them.</summary>
public sealed class SourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_example_of_every_form_is_written_and_an_hdf5_file_among_them_is_ingested_and_found()
    {
        var written = await CommandLineProcess.RunAsync("bench", "sources", "--bundle", Fixture.Bundle(), "--out", _folder["examples"], "--images", "4");
        Assert.Equal((0, ""), (written.Code, written.Errors));
        Assert.Equal(
            ["adaptive.h5", "captions/by-id.json", "captions/captions.csv", "captions/captions_coco.json", "captions/dataset_karpathy.json", "captions/lines.txt", "captions/results.token", "features.h5", "features.tsv", "features.tsv.gz", "header.tsv", "lxmert.tsv", "split/test_boxes.npy", "split/test_caps.txt", "split/test_ids.txt", "split/test_ims.npy", "split/test_metadata.jsonl"],
            written.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)]));

        var ingested = await CommandLineProcess.RunAsync(
            "ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--hdf5", _folder["examples/features.h5"], "--captions", _folder["examples/captions/dataset_karpathy.json"], "--split", "test", "--json");

        Assert.Contains("features.h5: HDF5, 4 images; features 'features' (4, 36, ", ingested.Errors, StringComparison.Ordinal);
        Assert.Equal((2, 4, 2), (ingested.Json().GetProperty("ingested").GetInt32(), ingested.Json().GetProperty("captions").GetInt32(), ingested.Json().GetProperty("rejected").GetInt32()));
        (await CommandLineProcess.RunAsync("bench", "sources", "--bundle", Fixture.Bundle(), "--out", _folder["examples"])).Refused("is not empty");
        (await CommandLineProcess.RunAsync("bench", "sources", "--bundle", Fixture.Bundle(), "--out", _folder["x"], "--forms", "tsv", "pdf")).Refused("--forms is 'pdf'; expected split, tsv,");
    }

    [Fact]
    public async Task Metadata_by_id_go_with_any_source_and_are_found_by_their_types()
    {
        (await CommandLineProcess.RunAsync("bench", "sources", "--bundle", Fixture.Bundle(), "--out", _folder["examples"], "--images", "4")).Succeeded();
        var ids = (await File.ReadAllLinesAsync(_folder["examples/split/test_ids.txt"], TestContext.Current.CancellationToken)).Take(2).ToList();
        _folder.Write("metadata.jsonl", $"{{\"id\": \"{ids[0]}\", \"metadata\": {{\"made\": 2024, \"open\": true}}}}\n{{\"id\": \"{ids[1]}\", \"metadata\": {{\"made\": 1999}}}}\n");
        string[][] sources = [["--source", _folder["examples/split"], "--split", "test"], ["--tsv", _folder["examples/features.tsv.gz"]], ["--hdf5", _folder["examples/features.h5"]]];
        foreach (var source in sources)
        {
            var index = _folder[$"index{source[0]}"];
            var ingested = await CommandLineProcess.RunAsync(["ingest", "--bundle", Fixture.Bundle(), "--index", index, .. source, "--metadata", _folder["metadata.jsonl"], "--json"]);
            Assert.Equal(4, ingested.Json().GetProperty("ingested").GetInt32());
            Assert.Contains("metadata.jsonl: metadata by id; 2 images", ingested.Errors, StringComparison.Ordinal);

            var found = (await CommandLineProcess.RunAsync("search", "--bundle", Fixture.Bundle(), "--index", index, "--caption", "w4 w5", "--filter", "made>=2000", "--filter", "open=true", "--json")).Json();

            Assert.Equal(ids[0], Assert.Single(found.GetProperty("hits").EnumerateArray()).GetProperty("id").GetString());
        }

        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", _folder["x"], "--tsv", _folder["examples/features.tsv"], "--metadata", _folder["none.jsonl"])).Refused("none.jsonl", "cannot be found");
    }

    [Fact]
    public async Task A_gzip_file_that_ends_early_ends_the_run_with_2_and_what_was_committed_is_said()
    {
        (await CommandLineProcess.RunAsync("bench", "sources", "--bundle", Fixture.Bundle(), "--out", _folder["examples"], "--images", "40")).Succeeded();
        var whole = await File.ReadAllBytesAsync(_folder["examples/features.tsv.gz"], TestContext.Current.CancellationToken);
        _folder.Write("cut.tsv", whole[..(whole.Length * 9 / 10)]);

        var run = await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--tsv", _folder["cut.tsv"], "--batch", "4", "--commit-rows", "4");

        Assert.Equal(2, run.Code);
        Assert.Contains("cut.tsv: the gzip data are damaged or end early, before byte", run.Errors, StringComparison.Ordinal);
        var status = (await CommandLineProcess.RunAsync("index", "status", "--index", _folder["index"], "--json")).Json().GetProperty("sources")[0];
        var (rows, stored) = (status.GetProperty("nextRow").GetInt32(), status.GetProperty("ingested").GetInt32());
        Assert.Contains($"what was committed before stays: {rows} rows, {stored} of them stored", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_goes_with_an_hdf5_file_is_said()
    {
        string[] ingest = ["ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"]];

        (await CommandLineProcess.RunAsync([.. ingest, "--hdf5", "a.h5", "--tsv", "b.tsv"])).Refused("name one source: --source DIR --split NAME, --tsv FILE, --arrays DIR, or --hdf5 FILE");
        (await CommandLineProcess.RunAsync([.. ingest, "--tsv", "b.tsv", "--datasets", "features=a"])).Refused("--datasets goes with --hdf5");
        (await CommandLineProcess.RunAsync([.. ingest, "--hdf5", "a.h5", "--split", "test"])).Refused("--split with --hdf5 is the split of a caption file");
        (await CommandLineProcess.RunAsync([.. ingest, "--hdf5", _folder["nothing.h5"]])).Refused("nothing.h5", "cannot be found");
        _folder.Write("text.h5", "this is text");
        (await CommandLineProcess.RunAsync([.. ingest, "--hdf5", _folder["text.h5"]])).Refused("text.h5", "not an HDF5 file");
        (await CommandLineProcess.RunAsync([.. ingest, "--hdf5", _folder["text.h5"], "--datasets", "roi=a"])).Refused("datasets", "'roi=a', expected word=name");
    }
}
