using System.CommandLine;
using System.Globalization;
using Retrieval.Storage.Postgres.Migrations;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Catalogs;

/// <summary><c>retrieval bench catalog</c>.</summary>
internal static class CatalogCommand
{
    private const int LeastFactor = 1;
    private const int MostFactor = 100;

    public static CliCommand Create()
    {
        var postgres = new PostgresOptions();
        var images = CommonOptions.Whole("--images", "Images whose records are stored and fetched; 0 leaves that out", 0, 10_000_000, 1000);
        var regions = CommonOptions.Whole("--regions", "Regions of an image", 1, 1000, 36);
        var width = CommonOptions.Whole("--embed-size", "D of the records", 2, 4000, 1024);
        var captions = CommonOptions.Whole("--captions-per-image", "Captions of each image, 14 words each", 0, 100, 5);
        var batch = CommonOptions.Whole("--batch", "Images of a transaction", 1, 4096, 32);
        var streams = CommonOptions.Whole("--streams", "Connections that fetch side by side", 1, 64, 3);
        var lags = CommonOptions.Whole("--lag-samples", "Single writes that a replica is timed to see; 0 leaves that out", 0, 100_000, 20);
        var follow = CommonOptions.Whole("--follow-ms", "Milliseconds between a replica's looks", 1, 60_000, 500);
        var vectors = CommonOptions.Whole("--vectors", "Embeddings for the shortlist; 0 leaves that out", 0, 10_000_000, 100_000);
        var vectorWidth = CommonOptions.Whole("--vector-width", "Their width", 2, 4000, 512);
        var shortlist = CommonOptions.Whole("--shortlist", "Length of a shortlist", 1, 10_000, 200);
        var queries = CommonOptions.Whole("--queries", "Queries of the shortlist", 1, 10_000, 200);
        var factors = Factors();
        var json = CommonOptions.Json();
        var command = new CliCommand("catalog", "Rates into and out of a catalog, how late a replica sees a change, and pgvector's shortlist against exact. Makes indexes of its own there, with random content, and drops them: needs the owner's role, and room.")
        {
            Options = { images, regions, width, captions, batch, streams, lags, follow, vectors, vectorWidth, shortlist, queries, factors, json },
            Examples =
            [
                "retrieval bench catalog --postgres \"$(eng/postgres.sh up)\"",
                "retrieval bench catalog --postgres \"$(eng/postgres.sh up)\" --images 0 --ef-factors 1,1.5,2,3",
            ],
        };
        postgres.AddTo(command);
        postgres.Require(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var options = new CatalogBenchOptions
            {
                Images = parsed.GetValue(images),
                Regions = parsed.GetValue(regions),
                RecordWidth = parsed.GetValue(width),
                CaptionsPerImage = parsed.GetValue(captions),
                Batch = parsed.GetValue(batch),
                Streams = parsed.GetValue(streams),
                LagSamples = parsed.GetValue(lags),
                FollowMs = parsed.GetValue(follow),
                Vectors = parsed.GetValue(vectors),
                VectorWidth = parsed.GetValue(vectorWidth),
                Shortlist = parsed.GetValue(shortlist),
                Queries = parsed.GetValue(queries),
                EfFactors = parsed.GetRequiredValue(factors),
            };
            var catalog = postgres.Open(parsed);
            await using (catalog.ConfigureAwait(false))
            {
                await Migrator.RequireAsync(catalog, SchemaUse.Read, cancellationToken).ConfigureAwait(false);
                var report = await ShareDisplay.RunAsync(progress => new CatalogBench(catalog, options).RunAsync(progress, cancellationToken)).ConfigureAwait(false);
                Printer.Write(report, parsed.GetValue(json), console => Show(console, report));
                return ExitCodes.Ok;
            }
        });
        return command;
    }

    private static void Show(IAnsiConsole console, CatalogBenchReport report)
    {
        console.WriteLine(report.Machine.Describe());
        if (report is { Store: { } store, Fetch: { } fetch })
        {
            var table = Tables.Titled($"records of {report.Options.Regions} × {report.Options.RecordWidth}, {report.Options.CaptionsPerImage} captions an image", "", "#images", "#MB", "#s", "#images/s", "#MB/s", "#peak resident memory");
            foreach (var (what, moved) in new[] { ($"stored, {report.Options.Batch} images a transaction", store), ($"fetched, {report.Options.Streams} streams", fetch) })
            {
                table.Add(what, Units.Count(moved.Images), Units.Fixed(moved.Bytes / 1e6, 1), Units.Fixed(moved.Seconds, 2), Units.Fixed(moved.Images / moved.Seconds, 1), Units.Fixed(moved.MegabytesPerSecond, 1), Units.Bytes(moved.PeakResidentBytes));
            }

            console.Write(table);
        }

        if (report.LagSeconds is { } lag)
        {
            console.WriteLine($"a single write is in a replica's local index after {lag.Show(3)} s; it looks every {report.Options.FollowMs} ms");
        }

        if (report.Shortlist is { Recall: { } recall } shortlist)
        {
            console.WriteLine(shortlist.Data);
            console.Write(Tables.Facts(
                $"shortlist of {recall.Count} over {Units.Count(report.Options.Vectors)} × {report.Options.VectorWidth}, {recall.Queries} queries",
                ("stored in", $"{Units.Fixed(shortlist.StoreSeconds, 1)} s"),
                ("nearest-neighbour indexes built in", $"{Units.Fixed(shortlist.BuildSeconds, 1)} s"),
                ("recall against exact", $"{Units.Fixed(recall.MeanRecall, 4)}, of the worst query {Units.Fixed(recall.LeastRecall, 4)}"),
                ("time, median", $"{Units.Fixed(recall.MedianMilliseconds, 2)} ms"),
                ("time, 95 of 100", $"{Units.Fixed(recall.P95Milliseconds, 2)} ms"),
                ("exact in the database, median", $"{Units.Fixed(recall.MedianExactMilliseconds, 1)} ms"),
                ("exact in this process, over float32", $"{shortlist.LocalExactMs.Show(2)} ms")));
        }

        if (report.Shortlist?.Factors is { } factors)
        {
            var table = Tables.Titled("the same with more or fewer candidates", "#candidates for each hit", "#recall", "#of the worst query", "#median, ms", "#95 of 100, ms");
            foreach (var (factor, found) in factors)
            {
                table.Add(Units.Fixed(factor, 2), Units.Fixed(found.MeanRecall, 4), Units.Fixed(found.LeastRecall, 4), Units.Fixed(found.MedianMilliseconds, 2), Units.Fixed(found.P95Milliseconds, 2));
            }

            console.Write(table);
        }
    }

    private static Option<double[]> Factors() => new("--ef-factors")
    {
        Description = "Ask again with the nearest-neighbour index examining N candidates for each one wanted; each value is measured",
        HelpName = "X,X,…",
        DefaultValueFactory = _ => [],
        CustomParser = result =>
        {
            var factors = new List<double>();
            foreach (var text in result.Tokens[0].Value.Split(','))
            {
                if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor is >= LeastFactor and <= MostFactor)
                {
                    factors.Add(factor);
                }
                else
                {
                    result.AddError($"--ef-factors is '{text}'; expected a number from {LeastFactor} to {MostFactor}");
                }
            }

            return [.. factors];
        },
    };
}
