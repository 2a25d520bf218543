using System.CommandLine;
using Retrieval.Cli.Commands.Postgres;
using Retrieval.Cli.Output;
using Retrieval.Inference;
using Retrieval.Search.Evaluation;
using Retrieval.Search.Snapshots;
using Retrieval.Storage.Local.Reading;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate --bundle</c>: what each stage finds, and what a shortlist loses.</summary>
internal static class BundleEvaluation
{
    public static async Task<int> RunAsync(EvaluationCorpusOptions corpus, ParseResult parsed, string bundle, EvaluationOptions options, InferenceOptions inference, bool json, CancellationToken cancellationToken)
    {
        using var model = MatchingModel.Load(bundle, inference);
        var evaluation = new Evaluation(model, new Evaluator(model, options, TimeProvider.System), corpus, parsed, cancellationToken);
        var report = await (corpus.KindOf(parsed.CommandResult) switch
        {
            EvaluationCorpus.Source => evaluation.OfSourceAsync(),
            EvaluationCorpus.Index => evaluation.OfIndexAsync(),
            _ => evaluation.OfCatalogAsync(),
        }).ConfigureAwait(false);
        var device = DeviceView.Of(model.Device);
        Printer.Write(EvaluationReportView.Of(report, device), json, console => EvaluationReportTables.Write(console, report, device));
        return ExitCodes.Ok;
    }

    private sealed record Evaluation(MatchingModel Model, Evaluator Evaluator, EvaluationCorpusOptions Corpus, ParseResult Parsed, CancellationToken Stop)
    {
        public async Task<EvaluationReport> OfSourceAsync()
        {
            using var source = Corpus.OpenSource(Parsed, Model.Manifest);
            var work = Directory.CreateTempSubdirectory("retrieval-evaluate-");
            try
            {
                return await ShowAsync(progress => Evaluator.RunAsync(source, work.FullName, progress, Stop)).ConfigureAwait(false);
            }
            finally
            {
                work.Delete(recursive: true);
            }
        }

        public async Task<EvaluationReport> OfIndexAsync()
        {
            using var index = LocalIndex.Open(Corpus.IndexOf(Parsed)!, IndexBinding.SchemaOf(Model));
            return await ShowAsync(progress => Evaluator.RunAsync(index, null, progress, Stop)).ConfigureAwait(false);
        }

        public async Task<EvaluationReport> OfCatalogAsync()
        {
            // Without a folder for it the copy is made anew each time.
            var work = Corpus.IndexOf(Parsed) is null ? Directory.CreateTempSubdirectory("retrieval-evaluate-") : null;
            try
            {
                var copy = await CatalogCopy.MakeAsync(Corpus.OpenCatalog(Parsed), Corpus.NameOf(Parsed), work?.FullName ?? Corpus.IndexOf(Parsed)!, Model, Stop).ConfigureAwait(false);
                await using (copy.ConfigureAwait(false))
                {
                    return await ShowAsync(progress => Evaluator.RunAsync(copy.Index, copy.Shortlist, progress, Stop)).ConfigureAwait(false);
                }
            }
            finally
            {
                work?.Delete(recursive: true);
            }
        }

        private Task<EvaluationReport> ShowAsync(Func<IProgress<EvaluationProgress>, Task<EvaluationReport>> work) =>
            EvaluationDisplay.RunAsync(progress => Task.Run(() => work(progress), Stop));
    }
}
