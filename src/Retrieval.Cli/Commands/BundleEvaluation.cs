using System.CommandLine;
using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Bundles;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local;
using Retrieval.Storage.Local.Reading;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate --bundle</c>: what each stage finds, and what a shortlist loses.</summary>
/// <param name="corpus">What the bundles are evaluated on.</param>
/// <param name="parsed">The command line.</param>
/// <param name="options">What is computed.</param>
/// <param name="inference">Device and threads.</param>
/// <param name="stop">Ends the run.</param>
internal sealed class BundleEvaluation(EvaluationCorpusOptions corpus, ParseResult parsed, EvaluationOptions options, InferenceOptions inference, CancellationToken stop)
{
    /// <summary>Evaluates bundles one after the other. What was found before a failure is written all the same.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> bundles, ResultFormat format)
    {
        var kind = corpus.KindOf(parsed.CommandResult);
        using var work = corpus.NeedsWork(parsed.CommandResult) ? WorkFolder.Make(corpus.WorkOf(parsed)) : null;
        if (kind == EvaluationCorpus.Source)
        {
            work!.Require(NeedOf(bundles));
        }
        else if (kind == EvaluationCorpus.Index && PostgresOptions.InEnvironment)
        {
            Printer.Note($"the local index {corpus.IndexOf(parsed)} is evaluated; the catalog of the environment's {PostgresOptions.ConnectionVariable} is not used (--postgres names one)");
        }

        var results = new List<EvaluationResult>();
        try
        {
            foreach (var bundle in bundles)
            {
                using var model = MatchingModel.Load(bundle, inference);
                var evaluation = new Evaluation(model, new Evaluator(model, options, TimeProvider.System), bundles.Count > 1 ? $"{model.Label}: " : "");
                var report = await (kind switch
                {
                    EvaluationCorpus.Source => OfSourceAsync(evaluation, work!),
                    EvaluationCorpus.Index => OfIndexAsync(evaluation),
                    _ => OfCatalogAsync(evaluation, work),
                }).ConfigureAwait(false);
                if (report.Plan.Folds > 1 && report.Plan.Images == report.Plan.Folds)
                {
                    Printer.Note("each fold has one image, which every one of its captions finds, whatever the scores: these numbers say nothing");
                }

                results.Add(new EvaluationResult(report, DeviceView.Of(model.Device)));
            }
        }
        finally
        {
            if (results.Count > 0)
            {
                EvaluationResult.Write(results, bundles.Count > 1, format);
            }
        }

        return ExitCodes.Ok;
    }

    // Every bundle is looked at before the first is evaluated: the last one's fault would otherwise show after minutes.
    private long NeedOf(IReadOnlyList<string> bundles)
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var most = 0L;
        foreach (var path in bundles)
        {
            var bundle = VerifiedBundle.Read(path);
            if (!seen.TryAdd(bundle.Fingerprint, path))
            {
                throw new InvalidInputException($"{seen[bundle.Fingerprint]} and {path} are the same bundle, {bundle.Label}", field: "--bundle");
            }

            using var source = corpus.OpenSource(parsed, bundle.Manifest);
            if (source.RowCount is { } rows)
            {
                // Otherwise only the ingestion knows how many images there are.
                FoldSize.Require(rows, options.Folds, source.Name);
            }

            most = Math.Max(most, SplitSpace.Estimate(bundle.Manifest, BundleCaptions.Read(bundle), source));
        }

        return most;
    }

    private async Task<EvaluationReport> OfSourceAsync(Evaluation evaluation, WorkFolder work)
    {
        using var source = corpus.OpenSource(parsed, evaluation.Model.Manifest);
        using var folder = WorkFolder.Make(work.Path);
        return await evaluation.ShowAsync(progress => evaluation.Evaluator.RunAsync(source, folder.Path, progress, stop), stop).ConfigureAwait(false);
    }

    private async Task<EvaluationReport> OfIndexAsync(Evaluation evaluation)
    {
        using var index = LocalIndex.Open(corpus.IndexOf(parsed)!, IndexBinding.SchemaOf(evaluation.Model));
        return await evaluation.ShowAsync(progress => evaluation.Evaluator.RunAsync(index, null, progress, stop), stop).ConfigureAwait(false);
    }

    // Without a folder for it the copy is made anew each time.
    private async Task<EvaluationReport> OfCatalogAsync(Evaluation evaluation, WorkFolder? work)
    {
        var copy = await CatalogCopy.MakeAsync(corpus.OpenCatalog(parsed), corpus.NameOf(parsed), work?.Path ?? corpus.IndexOf(parsed)!, new Dictionary<string, IndexSchema> { [evaluation.Model.Fingerprint] = IndexBinding.SchemaOf(evaluation.Model) }, stop).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            return await evaluation.ShowAsync(progress => evaluation.Evaluator.RunAsync(copy.Index, copy.Shortlist, progress, stop), stop).ConfigureAwait(false);
        }
    }

    private sealed record Evaluation(MatchingModel Model, Evaluator Evaluator, string Prefix)
    {
        public Task<EvaluationReport> ShowAsync(Func<IProgress<EvaluationProgress>, Task<EvaluationReport>> work, CancellationToken stop) =>
            EvaluationDisplay.RunAsync(Prefix, progress => Task.Run(() => work(progress), stop));
    }
}
