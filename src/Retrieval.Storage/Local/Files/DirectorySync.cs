using System.Runtime.InteropServices;

namespace Retrieval.Storage.Local.Files;

/// <summary>Makes the entries of a folder durable. Without it a rename or a new file may be lost after a power cut.</summary>
internal static partial class DirectorySync
{
    private const int CloseOnExec = 0x80000;
    private const int InvalidArgument = 22;

    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // Windows has no such call; NTFS journals its directories.
            return;
        }

        var descriptor = Open(folder, OperatingSystem.IsLinux() ? CloseOnExec : 0);
        if (descriptor < 0)
        {
            throw Failure(folder);
        }

        try
        {
            // Some network file systems cannot flush folders and report so.
            if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
            {
                throw Failure(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failure(string folder)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{Marshal.GetPInvokeErrorMessage(error)}: '{folder}'", error);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
