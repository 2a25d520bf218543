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
