using System.CommandLine;
using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Images;
using Retrieval.Features.Sources;
using Retrieval.Inference;
using Retrieval.Search.Ingestion;
using Retrieval.Search.Snapshots;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands.Ingest;

/// <summary><c>retrieval ingest</c>: features and captions into a local index or into a catalog.</summary>
internal static class IngestCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Folder("--index", "Folder of the local index; made if it is not there");
        index.Required = false;
        var source = new SourceOptions();
        var catalog = new CatalogDestination();
        var dryRun = new Option<bool>("--dry-run") { Description = "Read every row, check what a row must hold, and estimate the bytes and the time that storing them takes; stores nothing and needs no index" };
        var restart = new Option<bool>("--restart") { Description = "Read the source from its first row again; unchanged images are skipped" };
        var replace = new Option<bool>("--replace") { Description = "Replace an image that another source wrote under the same id; otherwise the image is rejected. A source may always replace its own" };
        var batch = CommonOptions.Whole("--batch", "Rows encoded together, and in a catalog stored in one transaction; a run that is resumed keeps to the number it began with", 1, IngestionOptions.MostBatchRows, 32);
        var commitRows = CommonOptions.Whole("--commit-rows", "Rows between two commits of a local index: what a kill can cost to do again", 1, 10_000_000, 1024);
        var strict = new Option<bool>("--strict") { Description = "End with 1 if a row was refused or a caption left out; without it only if nothing could be stored" };
        var metadataBytes = CommonOptions.Whole("--max-metadata-bytes", "Bytes of an image's metadata as compact JSON; a row with more is refused", 2, ImageBounds.MostMetadataBytes, ImageBounds.Default.MaxMetadataBytes);
        var captions = CommonOptions.Whole("--max-captions", "Captions of an image; a row with more is refused", 1, ImageBounds.MostCaptions, ImageBounds.Default.MaxCaptions);
        var captionBytes = CommonOptions.Whole("--max-caption-bytes", "Bytes of all captions of an image together; a row with more is refused", 64, ImageBounds.MostCaptionBytes, ImageBounds.Default.MaxCaptionBytes);
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("ingest", "Encode images and their captions and store them, in a local index or in a catalog. A run that was stopped resumes where its index ends.")
        {
            Options = { bundle, index, source.Folder, source.Split, source.Tsv, source.Columns, source.Arrays, source.Hdf5, source.Datasets, source.Captions, source.Metadata, source.CaptionsPerImage, dryRun, restart, replace, batch, commitRows, metadataBytes, captions, captionBytes, strict, threads, json },
            Examples =
            [
                "retrieval ingest --bundle models/scenes/bundle --index index --source models/scenes/corpus --split test",
                "retrieval ingest --bundle flickr30k --index index --tsv features.tsv --captions captions.json",
                "retrieval ingest --bundle coco --index index --tsv val2014_obj36.tsv.gz --captions dataset_coco.json --split test",
                "retrieval ingest --bundle coco --index index --hdf5 val36.hdf5 --captions captions_val2014.json",
                "retrieval ingest --bundle flickr30k --postgres postgresql://ingest@db/retrieval --name green --tsv features.tsv --captions captions.json --part 0/4",
                "retrieval ingest --bundle models/scenes/bundle --source models/scenes/corpus --split test --dry-run --strict",
            ],
        };
        catalog.AddTo(command, index, dryRun);
        source.Require(command);
        var device = new DeviceOptions().AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (part, parts) = catalog.PartOf(parsed);
            var options = new IngestionOptions
            {
                SourceKey = source.KeyOf(parsed),
                BatchRows = parsed.GetValue(batch),
                CommitRows = parsed.GetValue(commitRows),
                Restart = parsed.GetValue(restart),
                Replace = parsed.GetValue(replace),
                Bounds = new ImageBounds { MaxMetadataBytes = parsed.GetValue(metadataBytes), MaxCaptions = parsed.GetValue(captions), MaxCaptionBytes = parsed.GetValue(captionBytes) },
                Part = part,
                Parts = parts,
            };
            using var model = MatchingModel.Load(parsed.GetRequiredValue(bundle), device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }));
            using var opened = source.Open(parsed, new FeatureExpectation { RegionCount = model.Manifest.Regions, RegionWidth = model.Manifest.RegionWidth });
            var job = new IngestionJob(model, options, TimeProvider.System);
            var (result, refusal) = parsed.GetValue(dryRun)
                ? await DryRunAsync(model, job, opened, options, cancellationToken).ConfigureAwait(false)
                : await RunAsync(parsed, job, opened, options, cancellationToken).ConfigureAwait(false);
            Printer.Write(result, parsed.GetValue(json), result.Show);
            if (refusal is not null)
            {
                Failures.Say(refusal);
                return ExitCodes.Failed;
            }

            return parsed.GetValue(strict) && (result.AllRuns?.Rejected ?? result.Rejected) > 0 ? ExitCodes.Failed : ExitCodes.Ok;

            async Task<(IngestionResult Result, string? Refusal)> RunAsync(ParseResult parsed, IngestionJob job, IFeatureSource opened, IngestionOptions options, CancellationToken cancellationToken)
            {
                var schema = IndexBinding.SchemaOf(model);
                if (!catalog.Postgres.Given(parsed, index))
                {
                    return await IngestAsync(job, opened, options, IngestDestination.Folder(parsed.GetValue(index)!, schema, options), cancellationToken).ConfigureAwait(false);
                }

                var database = catalog.Postgres.Open(parsed);
                await using (database.ConfigureAwait(false))
                {
                    var destination = await catalog.OpenAsync(parsed, database, schema, options, cancellationToken).ConfigureAwait(false);
                    return await IngestAsync(job, opened, options, destination, cancellationToken).ConfigureAwait(false);
                }
            }
        });
        return command;
    }

    private static async Task<(IngestionResult Result, string? Refusal)> DryRunAsync(MatchingModel model, IngestionJob job, IFeatureSource source, IngestionOptions options, CancellationToken cancellationToken)
    {
        Tell(source);
        var report = await IngestionDisplay.RunAsync(progress => Task.Run(() => job.Validate(source, progress, cancellationToken), cancellationToken)).ConfigureAwait(false);
        var estimate = await Task.Run(() => IngestionEstimate.OfAsync(model, options, source, report.Progress, TimeProvider.System, cancellationToken), cancellationToken).ConfigureAwait(false);
        var refusal = report.Progress.Ingested == 0 ? $"{source.Name}: nothing of it can be stored" : null;
        return (IngestionResult.Of(source.Name, options, null, null, report) with { Estimate = estimate }, refusal);
    }

    private static async Task<(IngestionResult Result, string? Refusal)> IngestAsync(IngestionJob job, IFeatureSource source, IngestionOptions options, IngestDestination destination, CancellationToken cancellationToken)
    {
        Tell(source);
        try
        {
            var report = await IngestionDisplay.RunAsync(progress => job.RunAsync(source, destination.Target, progress, cancellationToken)).ConfigureAwait(false);
            return (IngestionResult.Of(source.Name, options, destination, await destination.ReadLedger().ConfigureAwait(false), report), null);
        }
        catch (SourceRefusedException exception) when (exception.Report is { } report)
        {
            return (IngestionResult.Of(source.Name, options, destination, await destination.ReadLedger().ConfigureAwait(false), report), exception.Message);
        }
        catch (InvalidInputException)
        {
            // A file that turned out to be cut or damaged while it was read.
            var committed = await destination.ReadLedger().ConfigureAwait(false);
            Printer.Note($"what was committed before stays: {Units.Counted(committed?.NextRow ?? 0, "row")}, {Units.Count(committed?.Ingested ?? 0)} of them stored; once the file is mended, the same command reads it from its first row and skips what has not changed");
            throw;
        }
        catch (OperationCanceledException)
        {
            var next = (await destination.ReadLedger().ConfigureAwait(false))?.NextRow ?? 0;
            Printer.Note($"stopped; what was committed stays, and the same command{(options.Restart ? " without --restart" : "")} resumes at row {Units.Count(next)}");
            throw;
        }
    }

    // Once nothing but the rows can be wrong: an error before that stays one line.
    private static void Tell(IFeatureSource source)
    {
        foreach (var note in source.Notes)
        {
            Printer.Note(note);
        }
    }
}
