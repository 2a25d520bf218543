using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Measurement;
using Retrieval.Inference.Records;

namespace Retrieval.Cli.Bench;

/// <summary>
/// Rate of the scorers. Two bundles are measured in turns in one run, warm, over the very same pairs, because the speed
/// of a shared machine changes from minute to minute and only a ratio of neighbours means something.
/// </summary>
internal sealed class RerankBench(RerankOptions options)
{
    public RerankReport Run(IProgress<(string Stage, double Done)> progress, CancellationToken cancellationToken)
    {
        var inference = new InferenceOptions { Threads = options.Threads, PairsPerCall = options.PairsPerCall.Max() };
        using var model = MatchingModel.Load(options.Bundle, inference);
        using var other = options.Against is null ? null : MatchingModel.Load(options.Against, inference);
        string[] bundles = options.Against is null ? [options.Bundle] : [options.Bundle, options.Against];
        MatchingModel[] models = other is null ? [model] : [model, other];
        RequireSameInputs(models);

        var inputs = new RandomInputs(1);
        var regions = inputs.Regions(options.Images, model.Manifest);
        var vocabulary = models.Min(each => each.Manifest.VocabularySize);
        var captions = inputs.Captions(options.Images, options.Words, vocabulary);
        var subjects = models.Select(each => new RerankSubject(each, regions, captions)).ToArray();
        try
        {
            using var probe = new MatrixProductProbe(options.Threads);
            var scorers = new List<ScorerReport>();
            var steps = 2 * options.PairsPerCall.Count;
            foreach (var side in new[] { RecordSide.Image, RecordSide.Caption })
            {
                foreach (var perCall in options.PairsPerCall)
                {
                    scorers.Add(Score(subjects, side, perCall, inputs, cancellationToken));
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
            Array.ForEach(subjects, subject => subject.Dispose());
        }
    }

    private ScorerReport Score(RerankSubject[] subjects, RecordSide side, int perCall, RandomInputs inputs, CancellationToken cancellationToken)
    {
        var rates = subjects.Select(_ => new List<double>()).ToArray();
        var scores = subjects.Select(_ => new float[options.Pairs]).ToArray();
        var difference = 0.0;
        for (var repetition = -1; repetition < options.Repetitions; repetition++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var slots = inputs.Slots(options.Pairs, options.Images);
            var query = (repetition + 1) % options.Images;
            for (var i = 0; i < subjects.Length; i++)
            {
                // In turns, and each as often first as second.
                var at = repetition % 2 == 0 ? i : subjects.Length - 1 - i;
                var seconds = subjects[at].Score(side, query, slots, perCall, scores[at]);
                if (repetition >= 0)
                {
                    rates[at].Add(options.Pairs / seconds);
                }
            }

            if (subjects.Length == 2)
            {
                difference = Math.Max(difference, scores[0].Zip(scores[1], (a, b) => Math.Abs((double)a - b)).Max());
            }
        }

        var samples = rates.Select(Samples.Of).ToArray();
        return new ScorerReport(
            side == RecordSide.Image ? "text-to-image" : "image-to-text",
            perCall,
            samples[0],
            samples.ElementAtOrDefault(1),
            samples.Length == 2 ? Samples.Of(rates[0].Zip(rates[1], (one, other) => one / other)) : null,
            samples.Length == 2 ? difference : null);
    }

    private EncoderReport Encode(RerankSubject subject, string bundle)
    {
        var manifest = subject.Model.Manifest;
        return new EncoderReport(
            subject.Model.Label, bundle, manifest.Form, manifest.Profile, manifest.Precision,
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
            throw new InvalidInputException("the two bundles take region features of different shapes, so they cannot score the same pairs", field: "--against");
        }

        var most = models.Min(each => each.Manifest.Tokens.Max) - 2;
        if (options.Words > most)
        {
            throw new InvalidInputException($"is {options.Words}; the longest caption of these bundles has {most} words", field: "--words");
        }
    }
}
