using Microsoft.Win32.SafeHandles;

namespace Retrieval.Storage.Local.Files;

/// <summary>Writes to files, and distinguishes a lack of space from other disk faults.</summary>
internal static class DiskFile
{
    private const int NoSpace = 28;
    private const int TooLarge = 27;
    private const int OverQuota = 122;
    private const int OverQuotaMac = 69;
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);
    private const int WindowsDiskFull = unchecked((int)0x80070070);

    /// <exception cref="IOException">Not all bytes were written; some of them may be.</exception>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long at)
    {
        try
        {
            RandomAccess.Write(file, bytes, at);
        }
        catch (ArgumentOutOfRangeException)
        {
            // How .NET reports EFBIG, a limit of the process or of the file system on the size of a file.
            throw new IOException($"File too large, at byte {at}", TooLarge);
        }
    }

    public static bool IsFull(Exception fault) => fault is IOException
    {
        HResult: NoSpace or TooLarge or OverQuota or OverQuotaMac or WindowsHandleDiskFull or WindowsDiskFull,
    };
}
