namespace Retrieval.Cli.Tests;

/// <summary>An ingestion that takes metadata away says so on the command line.</summary>
public sealed class LostMetadataTests
{
    [Fact]
    public async Task Ingested_without_the_file_of_metadata_images_lose_theirs_with_two_warnings_and_a_count()
    {
        using var folder = new TemporaryFolder();
        SampleSplit.Write(folder, 40);
        string[] ingest = ["ingest", "--bundle", Fixture.Bundle(), "--index", folder["index"], "--source", folder.Path, "--split", "test", "--json"];
        var first = await CommandLineProcess.RunAsync(ingest);
        File.Delete(folder["test_metadata.jsonl"]);

        var second = await CommandLineProcess.RunAsync(ingest);

        Assert.Empty(first.Json().GetProperty("warnings").EnumerateArray());
        Assert.Equal(40, second.Json().GetProperty("replaced").GetInt32());
        Assert.Equal(2, second.Json().GetProperty("warnings").GetArrayLength());
        Assert.Contains("warning: 'image-00000' is stored again without metadata that it had ('even', 'half', 'year')", second.Errors, StringComparison.Ordinal);
        Assert.Contains("warning: 40 images lost metadata by being stored again", second.Errors, StringComparison.Ordinal);
    }
}
