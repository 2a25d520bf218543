using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Retrieval.Storage.Local.Reading.Guard;

/// <summary>Installs <see cref="FaultCode"/> in front of the existing handler of SIGBUS in this process.</summary>
internal static unsafe partial class SignalHandler
{
    private const int BusError = 7;
    private const int PageBytes = 4096;
    private const int ReadWrite = 1 | 2;
    private const int ReadExecute = 1 | 4;
    private const int PrivateAnonymous = 2 | 0x20;

    // struct sigaction of glibc and of musl on x86-64: handler, 128 bytes of mask, flags, restorer.
    private const int ActionBytes = 152;
    private const int FlagsAt = 136;
    private const int TakesSiginfo = 4;

    /// <summary>Whether the code was written for this kind of process.</summary>
    public static bool IsPossible => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && Environment.SystemPageSize == PageBytes;

    /// <summary>Installs the handler for a table. First writes the previous handler into the table's header.</summary>
    /// <returns>False if the system refuses, or if the signal had no handler: then nothing is changed.</returns>
    public static bool TryInstall(long* table)
    {
        var code = Map(0, PageBytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (code == -1)
        {
            return false;
        }

        var target = new Span<byte>((void*)code, PageBytes);
        FaultCode.Bytes.CopyTo(target);
        BinaryPrimitives.WriteInt64LittleEndian(target[FaultCode.TablePlace..], (long)table);
        var action = stackalloc byte[ActionBytes];
        if (Protect(code, PageBytes, ReadExecute) != 0 || Action(BusError, null, action) != 0)
        {
            return false;
        }

        // 0 and 1 mean default and ignore. The runtime has its own handler; without one, there is nothing to pass the signal on to.
        var former = *(long*)action;
        if (former is 0 or 1)
        {
            return false;
        }

        Volatile.Write(ref table[FaultCode.FormerPlace], former);
        *(long*)action = code;
        *(int*)(action + FlagsAt) |= TakesSiginfo;
        return Action(BusError, action, null) == 0;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nint length, int protection);

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static partial int Action(int signal, byte* action, byte* former);
}
