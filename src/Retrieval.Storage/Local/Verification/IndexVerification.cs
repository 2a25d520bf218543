namespace Retrieval.Storage.Local.Verification;

/// <summary>Result of checking an index.</summary>
/// <param name="Ranges">Sealed ranges compared.</param>
/// <param name="BytesRead">Bytes read.</param>
/// <param name="Faults">What is damaged; empty if nothing is.</param>
public sealed record IndexVerification(long Ranges, long BytesRead, IReadOnlyList<IndexFault> Faults)
{
    /// <summary>Whether every byte is as it was committed.</summary>
    public bool Ok => Faults.Count == 0;
}
