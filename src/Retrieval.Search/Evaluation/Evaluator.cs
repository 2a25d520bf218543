using System.Runtime.InteropServices;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Inference.Records;
using Retrieval.Inference.Scoring;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Shortlist;

namespace Retrieval.Search.Evaluation;

/// <summary>
/// R@K of a model on a split, both directions: the first stage alone, the two stages at several shortlist sizes, and
/// every pair scored. The split is ingested into an index of its own by the very job that fills a real one, so what is
/// measured is what is served.
/// </summary>
public sealed class Evaluator(MatchingModel model, EvaluationOptions options, TimeProvider time)
{
    private const int TopTen = 10;

    /// <summary>Evaluates a split.</summary>
    /// <param name="source">The split; every row must be valid.</param>
    /// <param name="workFolder">An empty folder for the index; the caller deletes it.</param>
    /// <param name="progress">Told a stage's name and the share of it that is done, 0 to 1.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidInputException">A row is invalid, there are no captions, or a shortlist is below 1.</exception>
    public async Task<EvaluationReport> RunAsync(IFeatureSource source, string workFolder, IProgress<(string Stage, double Done)>? progress = null, CancellationToken cancellationToken = default)
    {
        if (options.Shortlists.Any(size => size < 1))
        {
            throw new InvalidInputException("a shortlist must have at least 1 candidate", field: "shortlist");
        }

        var ingestion = new IngestionJob(model, new IngestionOptions { SourceKey = "evaluation" }, time);
        var encoding = new Progress<IngestionProgress>(done => progress?.Report(("encode", done.TotalRows is > 0 ? (double)done.Rows / done.TotalRows.Value : 0)));
        var ingested = await ingestion.RunAsync(source, workFolder, encoding, cancellationToken).ConfigureAwait(false);
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
        using var images = IndexBinding.BankOf(RecordSide.Image, index.Images);
        using var captions = IndexBinding.BankOf(RecordSide.Caption, index.Captions);
        var ranges = new CaptionRanges(index);
        var text = new Direction(model.TextToImage, images, captions, Hits(index.Captions, index.Images, cancellationToken),
            [.. Enumerable.Range(0, ranges.Captions)], (caption, image) => ranges.Belongs(caption, image));
        var image = new Direction(model.ImageToText, captions, images, Hits(index.Images, index.Captions, cancellationToken),
            [.. ranges.Queries], (query, caption) => ranges.Belongs(caption, query));

        var started = time.GetTimestamp();
        var pairs = Score(text, image, ranges, progress, cancellationToken);
        var elapsed = time.GetElapsedTime(started);

        var rows = new List<EvaluationRow> { new("coarse", null, image.Coarse(), text.Coarse(), null) };
        foreach (var size in options.Shortlists.Order())
        {
            var kept = options.Full ? new KeptShare(image.TopKept(size, TopTen), text.TopKept(size, TopTen)) : null;
            rows.Add(new EvaluationRow("reranked", size, image.Reranked(size), text.Reranked(size), kept));
        }

        if (options.Full)
        {
            rows.Add(new EvaluationRow("full", null, image.Reranked(int.MaxValue), text.Reranked(int.MaxValue), null));
        }

        return new EvaluationReport(model.Label, ranges.Images, ranges.Captions, rows, pairs, elapsed);
    }

    /// <summary>
    /// Scores each direction's candidates. When every pair is wanted, one pass by the text-to-image scorer serves both
    /// directions: the two scorers compute the same function, which the bundle's parity check has just shown.
    /// </summary>
    private long Score(Direction text, Direction image, CaptionRanges ranges, IProgress<(string Stage, double Done)>? progress, CancellationToken cancellationToken)
    {
        if (!options.Full)
        {
            var most = options.Shortlists.DefaultIfEmpty(0).Max();
            return text.Score(most, progress, cancellationToken) + image.Score(most, progress, cancellationToken);
        }

        var pairs = text.Score(ranges.Images, progress, cancellationToken);
        image.Transpose(text);
        return pairs;
    }

    private static ShortlistHit[][] Hits(IndexBank queries, IndexBank bank, CancellationToken cancellationToken)
    {
        var embeddings = new float[queries.Slots * queries.Embedding.Spec.RowElements];
        for (long slot = 0; slot < queries.Slots; slot++)
        {
            MemoryMarshal.Cast<byte, float>(queries.Embedding.Row(slot)).CopyTo(embeddings.AsSpan((int)slot * queries.Embedding.Spec.RowElements));
        }

        return new ExactShortlist(bank).FindMany(embeddings, (int)bank.Slots, cancellation: cancellationToken);
    }

    /// <summary>One direction: all candidates of each query in coarse order, and the scores of as many of them as were asked for.</summary>
    private sealed class Direction(PairScorer scorer, RecordTable bank, RecordTable queries, ShortlistHit[][] hits, int[] queryRows, Func<int, int, bool> isTarget)
    {
        private readonly float[][] _scores = new float[hits.Length][];

        public long Score(int most, IProgress<(string Stage, double Done)>? progress, CancellationToken cancellationToken)
        {
            var stage = scorer.BankSide == RecordSide.Image ? "score, text to image" : "score, image to text";
            long pairs = 0;
            for (var i = 0; i < queryRows.Length; i++)
            {
                var query = queryRows[i];
                long[] slots = [.. hits[query].Take(most).Select(hit => hit.Slot)];
                _scores[query] = new float[slots.Length];
                using var record = queries.Row(query);
                scorer.ScorePairs(bank, record, slots, new long[slots.Length], _scores[query], cancellationToken);
                pairs += slots.Length;
                progress?.Report((stage, (i + 1.0) / queryRows.Length));
            }

            return pairs;
        }

        /// <summary>Takes the scores of the other direction, which must have scored every pair.</summary>
        public void Transpose(Direction other)
        {
            var scoreOf = new float[hits.Length][];
            for (var query = 0; query < hits.Length; query++)
            {
                scoreOf[query] = new float[hits[query].Length];
            }

            for (var candidate = 0; candidate < other._scores.Length; candidate++)
            {
                for (var i = 0; i < other._scores[candidate].Length; i++)
                {
                    scoreOf[other.Candidate(candidate, i)][candidate] = other._scores[candidate][i];
                }
            }

            for (var query = 0; query < hits.Length; query++)
            {
                _scores[query] = [.. hits[query].Select(hit => scoreOf[query][hit.Slot])];
            }
        }

        public RankSummary Coarse() => Summarize(int.MaxValue, query => Array.ConvertAll(hits[query], hit => hit.Score));

        public RankSummary Reranked(int shortlist) => Summarize(shortlist, query => _scores[query]);

        public double TopKept(int shortlist, int top)
        {
            var kept = queryRows.Count(query =>
            {
                var order = Enumerable.Range(0, _scores[query].Length).OrderByDescending(i => _scores[query][i]).ThenBy(i => i);
                return order.Take(top).All(i => i < shortlist);
            });
            return 100.0 * kept / queryRows.Length;
        }

        private int Candidate(int query, int place) => (int)hits[query][place].Slot;

        private RankSummary Summarize(int shortlist, Func<int, float[]> scoresOf)
        {
            var ranks = Array.ConvertAll(queryRows, query =>
            {
                var count = Math.Min(shortlist, hits[query].Length);
                int[] candidates = [.. hits[query].Take(count).Select(hit => (int)hit.Slot)];
                return Ranking.Place(scoresOf(query).AsSpan(0, count), candidates, candidate => isTarget(query, candidate));
            });
            return RecallMetrics.FromRanks(ranks, (int)bank.Count);
        }
    }
}
