using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>Compares an open index with its checksums.</summary>
public static class LocalIndexVerification
{
    /// <summary>
    /// Reads every committed byte and compares it with its checksum, and checks what rows say of other rows, and that the
    /// manifest and what it could be rebuilt from are whole.
    /// </summary>
    public static IndexVerification Verify(this LocalIndex index, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        index.RequireOpen();
        var found = new IndexVerifier(index).Run(cancellation);
        return found with { Faults = [.. ManifestCheck.Of(index), .. found.Faults] };
    }

    /// <summary>Compares what another opening of this index found damaged with its checksums, here.</summary>
    /// <param name="index">This opening.</param>
    /// <param name="former">The other one.</param>
    /// <param name="cancellation">Ends the check.</param>
    /// <exception cref="IndexCorruptException">It is not what was committed, although it is as long.</exception>
    public static void RequireRestored(this LocalIndex index, LocalIndex former, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(former);
        var result = new IndexVerifier(index).Run(former.DamagedFiles().ToHashSet(), cancellation);
        if (result.Faults is [var fault, ..])
        {
            throw new IndexCorruptException(index.DataFolder, fault.File, $"bytes {fault.FromByte} to {fault.ToByte}: {fault.Reason}");
        }
    }
}
