using Retrieval.Storage.Local.Reading;
using Retrieval.Terminal.Commands;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval index hash</c>: one hash over the content, to check whether two indexes have the same content.</summary>
internal static class IndexHashCommand
{
    public static CliCommand Create()
    {
        var index = CommonOptions.Index();
        var json = CommonOptions.Json();
        var command = new CliCommand("hash", "Print a hash of an index's content. Indexes of the same content have the same, however they were written.")
        {
            Options = { index, json },
            Examples = ["retrieval index hash --index index"],
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            using var opened = LocalIndex.Open(parsed.GetRequiredValue(index));
            var result = new { opened.Generation, ContentHash = opened.ContentHash(cancellationToken) };
            Printer.Write(result, parsed.GetValue(json), console => console.Profile.Out.Writer.WriteLine(result.ContentHash));
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }
}
