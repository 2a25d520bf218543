using Retrieval.Storage.Postgres.Connecting;
using Retrieval.Storage.Postgres.Maintenance;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Storage.Postgres.Searching;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands.Postgres;

/// <summary><c>retrieval index verify --postgres</c>: whether the stored data is consistent, and how well pgvector finds it.</summary>
internal static class CatalogVerifyView
{
    private const int Seed = 1;

    public static async Task<int> RunAsync(Catalog catalog, string? name, (int Every, int Queries, int Shortlist) sample, bool json, CancellationToken cancellationToken)
    {
        await using (catalog.ConfigureAwait(false))
        {
            await Migrator.RequireAsync(catalog, SchemaUse.Read, cancellationToken).ConfigureAwait(false);
            var index = await CatalogIndexOption.FindAsync(catalog, name, cancellationToken).ConfigureAwait(false);
            var found = await CatalogVerify.RunAsync(catalog, index, sample.Every, cancellationToken).ConfigureAwait(false);
            var recall = new List<RecallReport>();
            foreach (var items in sample.Queries == 0 ? [] : Enum.GetValues<CatalogItems>())
            {
                if (await CatalogRecall.MeasureAsync(catalog, index, items, sample.Shortlist, sample.Queries, Seed, null, cancellationToken).ConfigureAwait(false) is { } report)
                {
                    recall.Add(report);
                }
            }

            var result = new Verification(
                found.Findings.Count == 0, $"{catalog.Name}:{index.Name}", index.Epoch, found.Images, found.Embeddings, await ShortlistIndexes.ReadyAsync(catalog, index, cancellationToken).ConfigureAwait(false), found.Findings, recall);
            Printer.Write(result, json, console => Show(console, result));
            return result.Ok ? ExitCodes.Ok : ExitCodes.Failed;
        }
    }

    private static void Show(IAnsiConsole console, Verification result)
    {
        console.Write(Tables.Facts(
            result.Index,
            ("epoch", Units.Count(result.Epoch)),
            ("images", Units.Count(result.Images)),
            ("embeddings compared with their records", Units.Count(result.Embeddings)),
            ("nearest-neighbour indexes", result.NearestReady ? "there" : "missing: shortlists compare with all embeddings"),
            ("faults", Units.Count(result.Findings.Count))));
        if (result.Findings.Count > 0)
        {
            var findings = Tables.Titled("faults", "where", "what");
            foreach (var finding in result.Findings)
            {
                findings.Add(finding.Where, finding.Problem);
            }

            console.Write(findings);
        }

        if (result.Recall.Count > 0)
        {
            var recall = Tables.Titled(
                $"pgvector against exact, {result.Recall[0].Queries} queries drawn from the index", "searched", "#shortlist", "#recall", "#of the worst query", "#median, ms", "#95 of 100, ms", "#exact, median, ms");
            foreach (var report in result.Recall)
            {
                recall.Add(
                    report.Items == CatalogItems.Images ? "images" : "captions", Units.Count(report.Count), Units.Fixed(report.MeanRecall, 4), Units.Fixed(report.LeastRecall, 4),
                    Units.Fixed(report.MedianMilliseconds, 2), Units.Fixed(report.P95Milliseconds, 2), Units.Fixed(report.MedianExactMilliseconds, 1));
            }

            console.Write(recall);
        }

        console.WriteLine(result.Ok ? "verified" : "NOT verified");
    }

    private sealed record Verification(
        bool Ok, string Index, long Epoch, long Images, long Embeddings, bool NearestReady, IReadOnlyList<CatalogFinding> Findings, IReadOnlyList<RecallReport> Recall);
}
