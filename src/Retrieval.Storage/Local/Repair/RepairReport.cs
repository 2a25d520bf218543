using Retrieval.Storage.Local.Verification;

namespace Retrieval.Storage.Local.Repair;

/// <summary>What a repair found and did.</summary>
/// <param name="Ok">Whether the index is whole now or, for a dry run, would be.</param>
/// <param name="Generation">The resulting generation; null if it could not be determined.</param>
/// <param name="Images">Its live images.</param>
/// <param name="Captions">Its live captions.</param>
/// <param name="ContentHash">Hash of its content; null if it is not whole.</param>
/// <param name="Found">What was found, for a person, in order.</param>
/// <param name="Done">What was done, or would be done in a dry run; empty if nothing.</param>
/// <param name="Damaged">Sealed ranges whose bytes have changed. Empty if <paramref name="Ok"/>.</param>
public sealed record RepairReport(
    bool Ok,
    long? Generation,
    long Images,
    long Captions,
    string? ContentHash,
    IReadOnlyList<string> Found,
    IReadOnlyList<string> Done,
    IReadOnlyList<IndexFault> Damaged);
