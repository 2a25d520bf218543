using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Local.Writing;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index compact</c>: rewrites an index without its deleted and replaced rows.</summary>
internal static class IndexCompactCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        var json = CommonOptions.Json();
        var command = new CliCommand("compact", "Rewrite an index without deleted and replaced images. Readers are not disturbed; a writer must not hold it.")
        {
            Options = { index, json },
            Examples = ["retrieval index compact --index index"],
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(index), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string path, bool json, CancellationToken cancellationToken)
    {
        var before = Slots(path);
        var generation = await LocalIndexCompactor.CompactAsync(path, cancellationToken).ConfigureAwait(false);
        var after = Slots(path);
        var result = new { Index = path, Generation = generation, ImagesRemoved = before.Images - after.Images, CaptionsRemoved = before.Captions - after.Captions };
        Printer.Write(result, json, console => console.Write(Tables.Facts(
            path,
            ("generation", Units.Count(generation)),
            ("images removed", Units.Count(result.ImagesRemoved)),
            ("captions removed", Units.Count(result.CaptionsRemoved)))));
        return ExitCodes.Ok;
    }

    private static (long Images, long Captions) Slots(string path)
    {
        using var index = LocalIndex.Open(path);
        return (index.Images.Slots, index.Captions.Slots);
    }
}
