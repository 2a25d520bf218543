using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Measurement;
using Retrieval.Inference.Records;

namespace Retrieval.Bench.Rerank;

/// <summary>
/// Measures the rate of the scorers. Several bundles are measured alternately in one run, warm, over exactly the same pairs, because
/// the speed of a shared machine changes from minute to minute and only ratios of adjacent measurements are meaningful.
/// </summary>
internal sealed class RerankBench(RerankOptions options)
{
    /// <summary>Number of encoded images and captions; a larger bank repeats them.</summary>
    public const int Distinct = 256;

    public RerankReport Run(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        string[] bundles = [options.Bundle, .. options.Against];
        var parts = new Stack<IDisposable>();
        try
        {
            var loaded = Array.ConvertAll(bundles, bundle => Load(parts, bundle));
            var models = Array.ConvertAll(loaded, each => each.Model);
            RequireSameInputs(models);
            var inputs = new RandomInputs(1);
            var encoded = Math.Min(options.Images, Distinct);
            var regions = inputs.Regions(encoded, models[0].Manifest);
            var captions = inputs.Captions(encoded, options.Words, models.Min(each => each.Manifest.VocabularySize));
            var subjects = Array.ConvertAll(
                loaded, each => Own(parts, new RerankSubject(each.Model, regions, captions, options.Images) { UsualPairsPerCall = each.Usual }));
            var probe = Own(parts, new MatrixProductProbe(options.Threads));
            var scorers = new List<ScorerReport>();
            var steps = 2 * options.PairsPerCall.Count;
            foreach (var side in new[] { RecordSide.Image, RecordSide.Caption })
            {
                foreach (var perCall in options.PairsPerCall)
                {
                    scorers.Add(Score(subjects, side, perCall, encoded, inputs, cancellationToken));
                    progress.Report(("rerank", (double)scorers.Count / steps));
                }
            }

            return new RerankReport(
                Machine.Current(),
                options,
                [.. subjects.Select((subject, i) => Encode(subject, bundles[i]))],
                scorers,
                Samples.Of(Repeat(() => probe.Measure() / 1e9)));
        }
        finally
        {
            while (parts.TryPop(out var part))
            {
                part.Dispose();
            }
        }
    }

    // A scorer splits batches above its maximum: its maximum must be the largest measured size, which may exceed its default.
    private (MatchingModel Model, Func<RecordSide, int> Usual) Load(Stack<IDisposable> parts, string bundle)
    {
        var inference = new InferenceOptions { Threads = options.Threads, Provider = options.Provider, ProviderLibrary = options.ProviderLibrary };
        var usual = new Dictionary<RecordSide, int>();
        var most = options.PairsPerCall.Max();
        if (options.PairsPerCall.Contains(0))
        {
            var model = MatchingModel.Load(bundle, inference);
            foreach (var side in Enum.GetValues<RecordSide>())
            {
                usual[side] = RerankSubject.ScorerOf(model, side).PairsPerCall;
            }

            if (most <= usual.Values.Min())
            {
                return (Own(parts, model), side => usual[side]);
            }

            model.Dispose();
            most = Math.Max(most, usual.Values.Max());
        }

        return (Own(parts, MatchingModel.Load(bundle, inference with { PairsPerCall = most })), side => usual[side]);
    }

    private static T Own<T>(Stack<IDisposable> parts, T part)
        where T : IDisposable
    {
        parts.Push(part);
        return part;
    }

    private ScorerReport Score(RerankSubject[] subjects, RecordSide side, int asked, int queries, RandomInputs inputs, CancellationToken cancellationToken)
    {
        int PerCall(RerankSubject subject) => asked == 0 ? subject.UsualPairsPerCall(side) : asked;
        var rates = subjects.Select(_ => new List<double>()).ToArray();
        var allocated = subjects.Select(_ => new List<double>()).ToArray();
        var scores = subjects.Select(_ => new float[options.Pairs]).ToArray();
        var differences = new double[subjects.Length];
        for (var repetition = -1; repetition < options.Repetitions; repetition++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var slots = inputs.Slots(options.Pairs, options.Images);
            var query = (repetition + 1) % queries;
            for (var i = 0; i < subjects.Length; i++)
            {
                // The subjects alternate, and each is first equally often.
                var at = (i + repetition + 1) % subjects.Length;
                var (seconds, bytes) = subjects[at].Score(side, query, slots, PerCall(subjects[at]), scores[at]);
                if (repetition >= 0)
                {
                    rates[at].Add(options.Pairs / seconds);
                    allocated[at].Add(bytes);
                }
            }

            for (var other = 1; other < subjects.Length; other++)
            {
                differences[other] = Math.Max(differences[other], scores[0].Zip(scores[other], (a, b) => Math.Abs((double)a - b)).Max());
            }
        }

        return new ScorerReport(
            side == RecordSide.Image ? "text-to-image" : "image-to-text",
            asked,
            [.. subjects.Select((subject, i) => new ScorerRate(
                PerCall(subject),
                Samples.Of(rates[i]),
                i == 0 ? null : Samples.Of(rates[0].Zip(rates[i], (one, other) => one / other)),
                i == 0 ? null : differences[i],
                subject.InputBytes(side, options.Pairs, PerCall(subject)),
                Samples.Of(allocated[i]).Median))]);
    }

    private EncoderReport Encode(RerankSubject subject, string bundle)
    {
        var manifest = subject.Model.Manifest;
        return new EncoderReport(
            subject.Model.Label, bundle, manifest.Form, manifest.Profile, manifest.Precision, subject.Model.Provider, subject.BankBytes, subject.IsResident,
            Samples.Of(Repeat(() => subject.EncodeCaption() * 1000)),
            Samples.Of(Repeat(subject.EncodeImages)));
    }

    private IEnumerable<double> Repeat(Func<double> measure)
    {
        _ = measure();
        return [.. Enumerable.Range(0, options.Repetitions).Select(_ => measure())];
    }

    private void RequireSameInputs(MatchingModel[] models)
    {
        if (models.Select(each => (each.Manifest.RegionCount, each.Manifest.RegionWidth)).Distinct().Count() > 1)
        {
            throw new InvalidInputException("the bundles take region features of different shapes, so they cannot score the same pairs", field: "--against");
        }

        var most = models.Min(each => each.Manifest.Tokens.Max) - 2;
        if (options.Words > most)
        {
            throw new InvalidInputException($"is {options.Words}; the longest caption of these bundles has {most} words", field: "--words");
        }
    }
}
