using System.CommandLine;
using Retrieval.Cli.Drawing;
using Retrieval.Cli.Input;
using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Features.Pictures;
using Retrieval.Inference;
using Retrieval.Search.Explaining;
using Retrieval.Search.Queries;
using Retrieval.Search.Snapshots;
using Retrieval.Search.Telemetry;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using SkiaSharp;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval explain</c>: how the score of one pair comes about.</summary>
internal static class ExplainCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var index = CommonOptions.Index();
        var image = new Option<string?>("--image") { Description = "An image of the index", HelpName = "ID" };
        var features = new Option<string?>("--features") { Description = "Region features of an image, .npy [regions, features], floating point", HelpName = "FILE" };
        var caption = new Option<string?>("--caption") { Description = "A caption; - reads it from standard input", HelpName = "TEXT" };
        var captionId = new Option<string?>("--caption-id") { Description = "A caption of the index", HelpName = "ID" };
        var png = new Option<string?>("--png") { Description = "Draw it: the image's boxes in the colours of the words, as a PNG file", HelpName = "FILE" };
        var picture = new Option<string?>("--picture") { Description = "With --png: the image's picture to draw on; an empty canvas if not given", HelpName = "FILE" };
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("explain", "Show how the score of an image and a caption comes about: attention, gates and weights, of a bundle with an explainer.")
        {
            Options = { bundle, index, image, features, caption, captionId, png, picture, threads, json },
            Examples =
            [
                "retrieval explain --bundle models/scenes/bundle --index index --image scene-000000 --caption \"a striped red cube\"",
                "retrieval explain --bundle models/scenes/bundle --index index --image scene-000000 --caption-id scene-000000#0 --png why.png",
            ],
        };
        var device = new DeviceOptions().AddTo(command);
        command.Validators.Add(result =>
        {
            RequireOne(image, features, "give either --image ID or --features FILE");
            RequireOne(caption, captionId, "give either --caption TEXT or --caption-id ID");
            if (result.GetValue(picture) is not null && result.GetValue(png) is null)
            {
                result.AddError("--picture is what --png draws on: give --png FILE");
            }

            if (result.GetValue(png) is not null && result.GetValue(features) is not null)
            {
                result.AddError("--png draws the boxes of an image of the index: give --image ID in the place of --features");
            }

            void RequireOne(Option<string?> one, Option<string?> other, string message)
            {
                if ((result.GetValue(one) is null) == (result.GetValue(other) is null))
                {
                    result.AddError(message);
                }
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var drawing = parsed.GetValue(png) is { } target ? new Drawing(target, parsed.GetValue(picture)) : null;
            var query = new ExplainQuery { ImageId = parsed.GetValue(image), Caption = CaptionInput.Read(parsed.GetValue(caption)), CaptionId = parsed.GetValue(captionId) };
            var options = new SnapshotOptions
            {
                Bundle = parsed.GetRequiredValue(bundle),
                Index = parsed.GetRequiredValue(index),
                Inference = device.Read(parsed, new InferenceOptions { Threads = parsed.GetValue(threads) }),
            };
            return await RunAsync(options, query, parsed.GetValue(features), drawing, parsed.GetValue(json), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<int> RunAsync(SnapshotOptions options, ExplainQuery query, string? features, Drawing? drawing, bool json, CancellationToken cancellationToken)
    {
        if (drawing is not null)
        {
            OutputFile.Require(drawing.Png, "--png");
        }

        using var picture = drawing?.Picture is { } path ? PictureFile.Read(path) : null;
        using var snapshots = new SnapshotSource(options);
        snapshots.Load(cancellationToken);
        using var current = snapshots.Acquire();
        query = features is null ? query : query with { Features = FeaturesFile.Read(features, current.Model.Manifest) };
        using var queues = new ComputeQueues();
        var service = new ExplainService(snapshots, new SearchOptions(), SearchMetrics.None, TimeProvider.System, queues);
        var pair = (await service.ExplainAsync(query, TimeProvider.System.GetTimestamp(), cancellationToken).ConfigureAwait(false)).Explanation;
        if (drawing is not null)
        {
            Draw(pair, drawing.Png, picture);
        }

        Printer.Write(pair, json, console => ExplanationTable.Show(console, pair, DeviceView.Of(current.Model.Device)));
        return ExitCodes.Ok;
    }

    private static void Draw(PairExplanation pair, string png, SKBitmap? picture)
    {
        if (pair.Image.Boxes is null)
        {
            throw new InvalidInputException($"the image '{pair.Image.Id}' has no boxes in the index, so that there is nothing to draw", field: "--png");
        }

        OutputFile.Write(png, new PairDrawing(pair, picture).ToPng());
    }

    private sealed record Drawing(string Png, string? Picture);
}
