using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;

namespace Retrieval.Search.Evaluation;

/// <summary>Encodes a whole split into an index of its own, with the job that fills a real one.</summary>
internal static class EncodedSplit
{
    private const string Stage = "encode";

    /// <exception cref="InvalidInputException">A row is invalid: an evaluation on part of a split would not be comparable.</exception>
    public static async Task WriteAsync(
        MatchingModel model, IFeatureSource source, string folder, TimeProvider time, IProgress<EvaluationProgress>? progress, CancellationToken cancellationToken)
    {
        var ingestion = new IngestionJob(model, new IngestionOptions { SourceKey = "evaluation" }, time);
        IngestionReport ingested;
        try
        {
            ingested = await ingestion.RunAsync(source, folder, progress is null ? null : new Encoding(progress, source.CountRows(), time), cancellationToken).ConfigureAwait(false);
        }
        catch (SourceRefusedException exception) when (exception.Report is { } report)
        {
            ingested = report;
        }

        if (ingested.FirstRejects is [var reject, ..])
        {
            throw new InvalidInputException($"{reject.Reason} (an evaluation on part of a split would not be comparable)", reject.Source, reject.Row);
        }
    }

    private sealed class Encoding(IProgress<EvaluationProgress> progress, long rows, TimeProvider time) : IProgress<IngestionProgress>
    {
        private readonly long _began = time.GetTimestamp();

        public void Report(IngestionProgress value) => progress.Report(new EvaluationProgress(
            Stage, rows > 0 ? (double)(value.Rows + value.Uncommitted) / rows : 0, null, 0, time.GetElapsedTime(_began)));
    }
}
