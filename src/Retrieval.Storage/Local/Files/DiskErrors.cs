namespace Retrieval.Storage.Local.Files;

/// <summary>Tells a lack of space from other faults of a disk.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28;
    private const int TooLarge = 27;
    private const int OverQuota = 122;
    private const int OverQuotaMac = 69;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    public static bool IsFull(Exception fault) => fault is IOException
    {
        HResult: NoSpace or TooLarge or OverQuota or OverQuotaMac or WindowsHandleDiskFull or WindowsDiskFull,
    };
}
