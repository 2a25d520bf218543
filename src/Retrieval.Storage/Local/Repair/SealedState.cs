using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Repair;

/// <summary>One state of a data folder, according to its seals.</summary>
/// <param name="Commit">Number of the commit; 0 for an earlier version's.</param>
/// <param name="SealsBehind">Number of records of the list that come after this state.</param>
/// <param name="Rows">Its rows.</param>
/// <param name="Files">Lengths of its files, in the layout's order.</param>
/// <param name="Seals">The list of seals up to this state.</param>
internal sealed record SealedState(int Commit, int SealsBehind, RowCounts Rows, IReadOnlyList<FileLength> Files, SealState Seals);
