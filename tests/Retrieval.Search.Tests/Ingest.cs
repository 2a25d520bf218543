using Retrieval.Features.Sources;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Verification;

namespace Retrieval.Search.Tests;

/// <summary>Ingesting in few words.</summary>
internal static class Ingest
{
    public static Task<IngestionReport> RunAsync(IFeatureSource source, string index, int batchRows = 4, int commitRows = 8, Action<IngestionProgress>? seen = null, CancellationToken? stop = null) =>
        RunAsync(source, index, Options(batchRows, commitRows), seen, stop);

    public static Task<IngestionReport> RunAsync(IFeatureSource source, string index, IngestionOptions options, Action<IngestionProgress>? seen = null, CancellationToken? stop = null) =>
        new IngestionJob(Bundle.Model, options, TimeProvider.System).RunAsync(source, index, seen is null ? null : new Watch(seen), stop ?? TestContext.Current.CancellationToken);

    public static IngestionOptions Options(int batchRows, int commitRows) => new() { SourceKey = "corpus", BatchRows = batchRows, CommitRows = commitRows };

    public static LocalIndex Open(string index) => LocalIndex.Open(index, IndexBinding.SchemaOf(Bundle.Model));

    public static string ContentHash(string index)
    {
        using var opened = Open(index);
        Assert.Empty(opened.Verify(TestContext.Current.CancellationToken).Faults);
        return opened.ContentHash(TestContext.Current.CancellationToken);
    }

    public static string[] Rejects(IngestionReport report) => File.ReadAllLines(report.RejectsFile!);
}
