using Retrieval.Domain.Errors;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Inference.Banks;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// R@K of a model on a split, in both directions: the first stage alone, the two stages at several shortlist sizes, and
/// every pair scored. The split is ingested into its own index by the same job that fills a real one, and a shortlist is
/// scored by the same scorer as in a query, so the evaluation measures what is served. Only the row with every pair scored
/// uses the text-to-image scores for both directions: the two scorers compute the same function, as the bundle's parity
/// check shows, and one pass over all pairs is long enough.
/// </summary>
/// <remarks>
/// Memory in addition to the index's mapped files: with every pair scored, 4 bytes × captions × images (500 MB for 5,000
/// images with 5 captions each); without, about 16 bytes × candidates × 32 queries × threads. In either case 4 bytes for
/// each query and row of the report.
/// </remarks>
public sealed class Evaluator(MatchingModel model, EvaluationOptions options, TimeProvider time)
{
    private const string TextToImage = "score, text to image";
    private const string ImageToText = "score, image to text";

    /// <summary>Evaluates a split.</summary>
    /// <param name="source">The split; every row must be valid.</param>
    /// <param name="workFolder">An empty folder for the index; the caller deletes it.</param>
    /// <param name="progress">Receives a stage's name and the completed share of it, 0 to 1.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidInputException">A row is invalid, there are no captions, or a shortlist is below 1.</exception>
    public async Task<EvaluationReport> RunAsync(IFeatureSource source, string workFolder, IProgress<(string Stage, double Done)>? progress = null, CancellationToken cancellationToken = default)
    {
        if (options.Shortlists.Any(size => size < 1))
        {
            throw new InvalidInputException("a shortlist must have at least 1 candidate", field: "shortlist");
        }

        var ingestion = new IngestionJob(model, new IngestionOptions { SourceKey = "evaluation" }, time);
        var encoding = new Progress<IngestionProgress>(done => progress?.Report(("encode", done.TotalRows is > 0 ? (double)(done.Rows + done.Uncommitted) / done.TotalRows.Value : 0)));
        IngestionReport ingested;
        try
        {
            ingested = await ingestion.RunAsync(source, workFolder, encoding, cancellationToken).ConfigureAwait(false);
        }
        catch (SourceRefusedException exception) when (exception.Report is { } report)
        {
            ingested = report;
        }

        if (ingested.FirstRejects is [var reject, ..])
        {
            throw new InvalidInputException($"{reject.Reason} (an evaluation on part of a split would not be comparable)", reject.Source, reject.Row);
        }

        using var index = LocalIndex.Open(workFolder, IndexBinding.SchemaOf(model));
        if (index.Captions.Slots == 0)
        {
            throw new InvalidInputException("has no captions to evaluate with", source.Name);
        }

        return Evaluate(index, progress, cancellationToken);
    }

    private EvaluationReport Evaluate(LocalIndex index, IProgress<(string Stage, double Done)>? progress, CancellationToken cancellationToken)
    {
        using var imageBank = FeatureBank.Open(model, RecordSide.Image, IndexBinding.RecordsOf(index.Images), cancellationToken: cancellationToken);
        using var captionBank = FeatureBank.Open(model, RecordSide.Caption, IndexBinding.RecordsOf(index.Captions), cancellationToken: cancellationToken);
        var (images, captions) = (imageBank.Records, captionBank.Records);
        var ranges = new CaptionRanges(index);
        var counting = new CountingScorer(time);
        int[] shortlists = [.. options.Shortlists.Order()];
        void InText(double done) => progress?.Report((TextToImage, done));
        void InImages(double done) => progress?.Report((ImageToText, done));

        float[] Score(PairScorer scorer, RecordTable bank, RecordTable queries, int query, long[] slots)
        {
            var scores = new float[slots.Length];
            counting.Score(scorer, bank, queries, query, slots, scores, cancellationToken);
            return scores;
        }

        var matrix = options.Full ? PairMatrix.Score(counting, model.TextToImage, images, captions, InText, cancellationToken) : null;
        var text = new Direction
        {
            Queries = index.Captions,
            Bank = index.Images,
            QuerySlots = [.. Enumerable.Range(0, ranges.Captions)],
            IsTarget = (caption, image) => ranges.Belongs(caption, (int)image),
            Shortlists = shortlists,
            Score = (caption, slots) => matrix is null
                ? Score(model.TextToImage, images, captions, caption, slots)
                : Array.ConvertAll(slots, image => matrix.OfCaption(caption)[(int)image]),
            ScoresOfAll = matrix is null ? null : caption => matrix.OfCaption(caption).ToArray(),
            Threads = model.Threads,
        }.Run(matrix is null ? InText : _ => { }, cancellationToken);
        var image = new Direction
        {
            Queries = index.Images,
            Bank = index.Captions,
            QuerySlots = [.. ranges.Queries],
            IsTarget = (image, caption) => ranges.Belongs((int)caption, image),
            Shortlists = shortlists,
            Score = (image, slots) => Score(model.ImageToText, captions, images, image, slots),
            ScoresOfAll = matrix is null ? null : matrix.OfImage,
            Threads = model.Threads,
        }.Run(InImages, cancellationToken);

        index.RequireSound();
        return new EvaluationReport(model.Label, ranges.Images, ranges.Captions, [.. Rows(shortlists, image, text)], counting.Pairs, counting.Elapsed);
    }

    private static IEnumerable<EvaluationRow> Rows(int[] shortlists, DirectionResult image, DirectionResult text)
    {
        yield return new EvaluationRow("coarse", null, image.Coarse, text.Coarse, null);
        for (var i = 0; i < shortlists.Length; i++)
        {
            var overlap = image.Full is null ? null : new ShortlistOverlap(image.Overlaps[i], text.Overlaps[i]);
            yield return new EvaluationRow("reranked", shortlists[i], image.Reranked[i], text.Reranked[i], overlap);
        }

        if (image.Full is not null && text.Full is not null)
        {
            yield return new EvaluationRow("full", null, image.Full, text.Full, null);
        }
    }
}
