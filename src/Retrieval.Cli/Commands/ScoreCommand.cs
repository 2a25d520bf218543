using System.CommandLine;
using System.Diagnostics;
using Retrieval.Cli.Input;
using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Features.Npy;
using Retrieval.Inference;
using Retrieval.Inference.Records;
using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval score</c>: the full score matrix of given features and tokens.</summary>
internal static class ScoreCommand
{
    private const string TextToImage = "text-to-image";
    private const string ImageToText = "image-to-text";

    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var regions = CommonOptions.File("--regions", "Region features, .npy [images, regions, features], floating point");
        var tokens = CommonOptions.File("--tokens", "Token ids, .npy [captions, tokens], whole numbers, zero-padded");
        var lengths = CommonOptions.File("--lengths", "Tokens of each caption, start and end included, .npy [captions]");
        var direction = new Option<string>("--direction") { Description = "Which scorer computes", Required = true };
        direction.AcceptOnlyFromAmong(TextToImage, ImageToText);
        var output = CommonOptions.File("--out", "Where the scores go: .npy [images, captions], float32; written whole or not at all");
        var threads = CommonOptions.Threads();
        var json = CommonOptions.Json();
        var command = new CliCommand("score", "Score every image with every caption, straight from features and token ids, without an index.")
        {
            Options = { bundle, regions, tokens, lengths, direction, output, threads, json },
            Examples = ["retrieval score --bundle models/scenes/bundle --regions regions.npy --tokens token_ids.npy --lengths lengths.npy --direction text-to-image --out scores.npy"],
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new Files(parsed.GetRequiredValue(bundle), parsed.GetRequiredValue(regions), parsed.GetRequiredValue(tokens), parsed.GetRequiredValue(lengths), parsed.GetRequiredValue(output)),
            parsed.GetRequiredValue(direction),
            new InferenceOptions { Threads = parsed.GetValue(threads) },
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Files files, string direction, InferenceOptions inference, bool json, CancellationToken cancellationToken)
    {
        OutputFile.Require(files.Out, "--out");
        using var model = MatchingModel.Load(files.Bundle, inference);
        using var regions = RegionsFile.Open(files.Regions, model.Manifest);
        var captions = TokensFile.Read(files.Tokens, files.Lengths, model.Manifest.Tokens.Max, model.Manifest.VocabularySize);
        var pairs = (long)regions.Images * captions.Count;
        if (pairs > Array.MaxLength)
        {
            throw new InvalidInputException($"{regions.Images} images and {captions.Count} captions are {pairs} pairs; expected at most {Array.MaxLength} in one matrix");
        }

        var started = Stopwatch.GetTimestamp();
        var bank = direction == TextToImage ? RecordSide.Image : RecordSide.Caption;
        var scores = await ShareDisplay.RunAsync(progress => Task.Run(
            () => new MatrixScorer(model).Score(regions.Images, regions.Regions, regions.Read, captions, bank, new Share(progress, pairs), cancellationToken), cancellationToken)).ConfigureAwait(false);
        var elapsed = Stopwatch.GetElapsedTime(started);
        NpyWriter.Write(files.Out, scores, regions.Images, captions.Count);

        var result = new
        {
            Model = model.Label,
            Direction = direction,
            regions.Images,
            Captions = captions.Count,
            Pairs = pairs,
            Seconds = elapsed.TotalSeconds,
            PairsPerSecond = pairs / elapsed.TotalSeconds,
            files.Out,
        };
        Printer.Write(result, json, console => console.Write(Tables.Facts(
            files.Out,
            ("model", result.Model),
            ("direction", direction),
            ("scores", $"{Units.Count(result.Images)} images × {Units.Count(result.Captions)} captions, float32"),
            ("time", $"{Units.Time(elapsed)}, {Units.Fixed(result.PairsPerSecond, 0)} pairs/s with encoding"))));
        return ExitCodes.Ok;
    }

    private sealed record Files(string Bundle, string Regions, string Tokens, string Lengths, string Out);

    private sealed class Share(IProgress<(string Stage, double Done)> progress, long pairs) : IProgress<long>
    {
        public void Report(long value) => progress.Report(("pairs", (double)value / pairs));
    }
}
