using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Retrieval.Server.Background;

/// <summary>Opens files without waiting for anybody, as opening a pipe does until its other end is opened.</summary>
internal static partial class NonBlockingFile
{
    // Of Linux, which the program is built for.
    private const int WriteOnly = 0x1;
    private const int Create = 0x40;
    private const int Append = 0x400;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int OwnerReadsAndWrites = 0x180;

    /// <summary>Opens for reading.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="ArgumentException">The name has a null character.</exception>
    public static SafeFileHandle ToRead(string path) => Open(path, 0);

    /// <summary>Opens for appending; each write goes to the end, wherever that is by then. A file that is not there is made for its owner alone.</summary>
    /// <exception cref="IOException">It cannot be opened, or is a pipe that nobody reads.</exception>
    /// <exception cref="ArgumentException">The name has a null character.</exception>
    public static SafeFileHandle ToAppend(string path) => Open(path, WriteOnly | Append | Create);

    private static SafeFileHandle Open(string path, int flags)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("its name has a null character");
        }

        var descriptor = Open(path, flags | NonBlocking | CloseOnExec, OwnerReadsAndWrites);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);
}
