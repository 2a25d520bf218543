namespace Retrieval.Storage.Local;

/// <summary>
/// Identifies the catalog's index that a local index is a copy of, and the copy's progress. It is committed together with the
/// rows it describes, so that a killed replica resumes at exactly the change where its copy ends.
/// </summary>
/// <param name="Catalog">Identity of the catalog.</param>
/// <param name="Index">Number of the index there.</param>
/// <param name="Epoch">All images whose last change is at or before this epoch are in the copy, except those changed since they
/// were read.</param>
/// <param name="Since">Nothing of the copy was read at an earlier epoch than this, so no deletion up to here concerns it. While
/// copying, it is the epoch at which copying began. Once complete, it is <paramref name="Epoch"/>.</param>
/// <param name="Complete">Whether the copy is exactly what the catalog held at <paramref name="Epoch"/>. If not, it is still
/// being made.</param>
/// <param name="SeenEpoch">The latest epoch at which anything of it was read. Only a catalog that descends from that state can be
/// followed.</param>
/// <param name="SeenToken">Token of that epoch's change, which no other change ever has; null before the first change.</param>
public sealed record FollowPosition(Guid Catalog, int Index, long Epoch, long Since, bool Complete, long SeenEpoch, Guid? SeenToken);
