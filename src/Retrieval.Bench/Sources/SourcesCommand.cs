using System.CommandLine;
using Retrieval.Inference.Bundles;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Bench.Sources;

/// <summary><c>retrieval bench sources</c>.</summary>
internal static class SourcesCommand
{
    public static CliCommand Create()
    {
        var bundle = CommonOptions.Bundle();
        var target = CommonOptions.Folder("--out", "Folder to write them into; it must not be there yet, or be empty");
        var images = CommonOptions.Whole("--images", "Images of each source", 1, 10_000_000, 10);
        var forms = new Option<string[]>("--forms") { Description = $"Forms that are written, of {string.Join(", ", SourceForms.All.Keys)}; all if not given", HelpName = "NAME", AllowMultipleArgumentsPerToken = true };
        var command = new CliCommand("sources", "Write a source of each form that can be ingested, with random features of the bundle's shape: examples, and files for measuring readers.")
        {
            Options = { bundle, target, images, forms },
            Examples =
            [
                "retrieval bench sources --bundle models/scenes/bundle --out examples",
                "retrieval bench sources --bundle models/scenes/bundle --out large --images 5000 --forms tsv hdf5",
            ],
        };
        command.Validators.Add(result =>
        {
            foreach (var form in (result.GetValue(forms) ?? []).Where(form => !SourceForms.All.ContainsKey(form)))
            {
                result.AddError($"--forms is '{form}'; expected {string.Join(", ", SourceForms.All.Keys)}");
            }

            if (result.GetValue(target) is { } folder && Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            {
                result.AddError($"--out: '{folder}' is not empty");
            }
        });
        command.SetAction(parsed =>
        {
            var manifest = BundleHead.Read(parsed.GetRequiredValue(bundle)).Manifest;
            var folder = Directory.CreateDirectory(parsed.GetRequiredValue(target)).FullName;
            var samples = new SampleImages(parsed.GetValue(images), manifest.RegionCount, manifest.RegionWidth);
            foreach (var form in parsed.GetValue(forms) is { Length: > 0 } named ? named : [.. SourceForms.All.Keys])
            {
                SourceForms.All[form](folder, samples);
            }

            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith(".npz", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                Printer.Results.WriteLine($"{Path.GetRelativePath(folder, path)}: {Units.Bytes(new FileInfo(path).Length)}");
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
