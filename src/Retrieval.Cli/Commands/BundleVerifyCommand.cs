using System.CommandLine;
using System.Globalization;
using Retrieval.Cli.Output;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;
using Retrieval.Inference;
using Retrieval.Inference.Bundles;
using Retrieval.Inference.Verification;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval bundle verify</c>: hashes, contracts, and the recorded vectors computed on this machine.</summary>
internal static class BundleVerifyCommand
{
    public static CliCommand Create()
    {
        var folder = new Argument<string>("DIR") { Description = "Folder of the bundle" };
        var json = CommonOptions.Json();
        var command = new CliCommand("verify", "Check every file's hash, every graph's contract, and that this machine computes what was recorded at export.")
        {
            Arguments = { folder },
            Options = { json },
            Examples = ["retrieval bundle verify models/scenes/bundle", "retrieval bundle verify models/scenes/bundle --provider cuda"],
        };
        var device = new DeviceOptions().AddTo(command);
        command.SetAction(parsed => Run(parsed.GetRequiredValue(folder), device.Read(parsed, new InferenceOptions()), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string folder, InferenceOptions inference, bool json)
    {
        if (!Directory.Exists(folder))
        {
            throw new InvalidBundleException(folder, "there is no such folder");
        }

        var result = Verify(folder, inference);
        Printer.Write(result, json, console => Show(console, result));
        if (result.Ok)
        {
            return ExitCodes.Ok;
        }

        Failures.Say($"bundle {folder}: {result.Fault}");
        return ExitCodes.Failed;
    }

    private static Verification Verify(string folder, InferenceOptions inference)
    {
        var result = new Verification(false, null, folder, null, null, null, null, null);
        try
        {
            var bundle = VerifiedBundle.Read(folder);
            result = result with { Fingerprint = bundle.Fingerprint, Manifest = ManifestView.Of(bundle.Manifest), Files = bundle.Manifest.Files };
            using var model = MatchingModel.Load(bundle, inference);
            return result with { Ok = true, Device = DeviceView.Of(model.Device), Parity = model.Parity };
        }
        catch (InvalidBundleException exception)
        {
            return result with { Fault = exception.Reason };
        }
    }

    private static void Show(IAnsiConsole console, Verification result)
    {
        if (result.Manifest is { } manifest)
        {
            console.Write(Tables.Facts(
                result.Bundle,
                ("name", manifest.Name),
                ("fingerprint", result.Fingerprint!),
                ("system", manifest.System),
                ("form, profile, precision", $"{manifest.Form}, {manifest.Profile}, {manifest.Precision}"),
                ("regions", $"{new RegionRange(manifest.Regions.Fewest, manifest.Regions.Count)} × {manifest.Regions.Width}"),
                ("tokens", $"at most {manifest.MaxTokens}, start and end included"),
                ("embedding", $"{manifest.EmbeddingSource}, {manifest.EmbeddingWidth} numbers"),
                ("order of hits", OrderOf(manifest.Ranking)),
                ("image record", string.Join("; ", manifest.ImageFields)),
                ("caption record", string.Join("; ", manifest.CaptionFields)),
                ("explains", Explained(manifest))));
        }

        if (result.Files is { } listed)
        {
            var files = Tables.Titled("files, as exported", "file", "#size", "SHA-256");
            foreach (var (name, file) in listed.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                files.Add(name, Units.Bytes(file.Bytes), file.Sha256);
            }

            console.Write(files);
        }

        if (result.Parity is { } parity)
        {
            console.WriteLine($"computed on {result.Device!.Describe()}");
            var differences = Tables.Titled($"largest differences from the export, {Units.Count(parity.Pairs)} pairs", "what", "#difference", "#allowed");
            differences.Add("scores, text to image", Units.Small(parity.TextToImage), Units.Small(parity.Tolerance));
            differences.Add("scores, image to text", Units.Small(parity.ImageToText), Units.Small(parity.Tolerance));
            differences.Add("embeddings, relative", Units.Small(parity.Embeddings), Units.Small(parity.Tolerance));
            if (parity.Explainer is { } explainer)
            {
                differences.Add("scores of the explainer", Units.Small(explainer.Scores), Units.Small(parity.Tolerance));
                differences.Add("outputs of the explainer, relative", Units.Small(explainer.Outputs), Units.Small(explainer.Tolerance));
            }

            console.Write(differences);
        }

        console.WriteLine(result.Ok ? "verified" : "NOT verified");
    }

    private static string Explained(ManifestView manifest)
    {
        if (manifest.Explains.Count > 0)
        {
            return string.Join(", ", manifest.Explains);
        }

        return manifest.Regions.Fewest < manifest.Regions.Count ? "nothing: explainers are for one number of regions" : "nothing: there is no explainer";
    }

    private static string OrderOf(RankingView? ranking) => ranking is null
        ? "by the score"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"by {ranking.Transform}(score) + weight · coarse; weight {ranking.TextToImage.CoarseWeight} and shortlist {ranking.TextToImage.Shortlist} for images, {ranking.ImageToText.CoarseWeight} and {ranking.ImageToText.Shortlist} for captions");

    private sealed record Verification(
        bool Ok,
        string? Fault,
        string Bundle,
        string? Fingerprint,
        ManifestView? Manifest,
        IReadOnlyDictionary<string, BundleFile>? Files,
        DeviceView? Device,
        ParityReport? Parity);

    /// <summary>How hits are ordered, the transform by its name.</summary>
    private sealed record RankingView(string Transform, DirectionRanking TextToImage, DirectionRanking ImageToText);

    /// <summary>The parts of the manifest that a reader needs, as text and numbers.</summary>
    private sealed record ManifestView(
        string Name,
        string System,
        string Form,
        string Profile,
        string Precision,
        RegionShape Regions,
        int MaxTokens,
        int EmbeddingWidth,
        string EmbeddingSource,
        RankingView? Ranking,
        IReadOnlyList<string> ImageFields,
        IReadOnlyList<string> CaptionFields,
        IReadOnlyList<string> Explains)
    {
        public static ManifestView Of(BundleManifest manifest) => new(
            manifest.Name,
            manifest.System,
            manifest.Form,
            manifest.Profile,
            manifest.Precision,
            new RegionShape(manifest.Regions.Most, manifest.Regions.Fewest, manifest.RegionWidth),
            manifest.Tokens.Max,
            manifest.EmbeddingWidth,
            manifest.EmbeddingSource,
            manifest.Ranking is { } ranking ? new RankingView(ranking.Transform.ToName(), ranking.TextToImage, ranking.ImageToText) : null,
            [.. manifest.ImageFields.Select(field => field.ToString())],
            [.. manifest.CaptionFields.Select(field => field.ToString())],
            [.. manifest.Graphs.Explainer?.Outputs.Select(output => output.Name) ?? []]);
    }

    /// <summary>Count: of every image, or the most where the fewest are fewer.</summary>
    private sealed record RegionShape(int Count, int Fewest, int Width);
}
