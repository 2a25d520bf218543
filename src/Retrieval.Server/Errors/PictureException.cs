using Retrieval.Domain.Errors;

namespace Retrieval.Server.Errors;

/// <summary>There is no picture to be had. The message is for the caller.</summary>
/// <param name="reason">Why not.</param>
/// <param name="unreadable">Whether there is a file of this name, which is none that can be shown.</param>
public sealed class PictureException(string reason, bool unreadable) : RetrievalException(reason)
{
    /// <summary>Whether there is a file of this name, which is none that can be shown.</summary>
    public bool Unreadable { get; } = unreadable;
}
