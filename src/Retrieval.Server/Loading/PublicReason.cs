using Retrieval.Domain.Errors;
using Retrieval.Server.Configuration;

namespace Retrieval.Server.Loading;

/// <summary>Why a load failed, in words for whoever asks for readiness: with the file's name, without where it lies.</summary>
internal sealed class PublicReason(SnapshotSection snapshot)
{
    private readonly (string Text, string Word)[] _places =
    [
        ($"bundle {snapshot.Bundle}", "the bundle"),
        ($"index {snapshot.Index}", "the index"),
        (Path.GetFullPath(snapshot.Bundle) + Path.DirectorySeparatorChar, ""),
        (Path.GetFullPath(snapshot.Index) + Path.DirectorySeparatorChar, ""),
    ];

    public string Of(Exception exception) => exception is RetrievalException
        ? _places.Aggregate(exception.Message, (message, place) => message.Replace(place.Text, place.Word, StringComparison.Ordinal))
        : "loading failed for a reason that was not foreseen; the server's log has it";
}
