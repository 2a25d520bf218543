namespace Retrieval.Storage.Local.Verification;

/// <summary>One damaged range of an index.</summary>
/// <param name="File">The file, relative to the data folder.</param>
/// <param name="FromByte">First byte of the damaged range.</param>
/// <param name="ToByte">Exclusive end byte.</param>
/// <param name="FirstRow">First row of the file that the range touches.</param>
/// <param name="LastRow">Last row of the file that the range touches.</param>
/// <param name="Reason">What was found and what was expected.</param>
public sealed record IndexFault(string File, long FromByte, long ToByte, long FirstRow, long LastRow, string Reason)
{
    /// <summary>For a person.</summary>
    public override string ToString() => $"{File}, bytes {FromByte} to {ToByte} (rows {FirstRow} to {LastRow}): {Reason}";
}
