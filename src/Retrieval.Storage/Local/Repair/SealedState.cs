using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Repair;

/// <summary>One state of a data folder, as its seals tell it.</summary>
/// <param name="Commit">Number of the commit; 0 of an earlier version's.</param>
/// <param name="SealsBehind">Records of the list that are no part of it.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Files">Lengths of its files, in the layout's order.</param>
/// <param name="Seals">The list of seals up to there.</param>
internal sealed record SealedState(int Commit, int SealsBehind, RowCounts Rows, IReadOnlyList<FileLength> Files, SealState Seals);
