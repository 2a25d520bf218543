namespace Retrieval.Storage.Local;

/// <summary>
/// Of which index of which catalog a local index is the copy, and how far it has come. Committed together with the rows it
/// speaks of, so that a killed replica resumes at exactly the change where its copy ends.
/// </summary>
/// <param name="Catalog">Identity of the catalog.</param>
/// <param name="Index">Number of the index there.</param>
/// <param name="Epoch">All images whose last change is up to here are in the copy, but for those changed since they were read.</param>
/// <param name="Since">
/// Nothing of the copy was read at an earlier epoch than this, so no deletion up to here concerns it. While copying it is
/// the epoch at which that began; once complete it is <paramref name="Epoch"/>.
/// </param>
/// <param name="Complete">Whether the copy is what the catalog held at <paramref name="Epoch"/>, no more and no less. If not, it is being made.</param>
/// <param name="SeenEpoch">The latest epoch anything of it was read at: only a catalog that came of that state can be followed.</param>
/// <param name="SeenToken">Token of that epoch's change, which no other change ever has; null before the first change.</param>
public sealed record FollowPosition(Guid Catalog, int Index, long Epoch, long Since, bool Complete, long SeenEpoch, Guid? SeenToken);
