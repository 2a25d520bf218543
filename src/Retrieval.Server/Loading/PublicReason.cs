using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Loading;

/// <summary>Why a load failed, in words for whoever asks for readiness: with the file's name, without where it lies.</summary>
internal sealed class PublicReason(SnapshotSection snapshot)
{
    private readonly (string Path, string Word)[] _paths =
    [
        .. new[] { (snapshot.Bundle, Word: "of the bundle"), (snapshot.Index, Word: "of the index") }
            .SelectMany(folder => new[] { (Path.GetFullPath(folder.Item1), folder.Word), (folder.Item1, folder.Word) })
            .OrderByDescending(folder => folder.Item1.Length),
    ];

    public string Of(Exception exception)
    {
        if (exception is not RetrievalException)
        {
            return "loading failed for a reason that was not foreseen; the server's log has it";
        }

        return exception switch
        {
            InvalidBundleException bundle => $"the bundle: {Strip(bundle.Reason)}",
            _ => Strip(exception.Message),
        };
    }

    private string Strip(string message)
    {
        foreach (var (path, word) in _paths)
        {
            message = message.Replace(path + Path.DirectorySeparatorChar, "", StringComparison.Ordinal).Replace(path, word, StringComparison.Ordinal);
        }

        return message;
    }
}
