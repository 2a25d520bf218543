using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Retrieval.Server.Access.Keys;

/// <summary>The account and the group that a file belongs to; .NET knows its mode alone.</summary>
internal static partial class FileOwner
{
    // Of Linux, which the program is built for; the layout of statx is the same for all processors.
    private const int CurrentFolder = -100;
    private const int BytesOfStatx = 256;
    private const int OffsetOfUser = 20;
    private const int OffsetOfGroup = 24;
    private const uint UserAndGroup = 0x18;

    /// <summary>Reads them, of what a link names.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static (uint User, uint Group) Of(string path)
    {
        Span<byte> found = stackalloc byte[BytesOfStatx];
        Check(Statx(CurrentFolder, path, 0, UserAndGroup, found), path, "its owner cannot be read");
        return (BinaryPrimitives.ReadUInt32LittleEndian(found[OffsetOfUser..]), BinaryPrimitives.ReadUInt32LittleEndian(found[OffsetOfGroup..]));
    }

    /// <summary>Gives a file to an account and a group, if it is not theirs.</summary>
    /// <exception cref="IOException">This account may not do that.</exception>
    public static void Give(string path, (uint User, uint Group) owner)
    {
        if (Of(path) != owner)
        {
            Check(Chown(path, owner.User, owner.Group), path, $"it cannot be given to the account {owner.User} and group {owner.Group}, whose file it replaces");
        }
    }

    private static void Check(int result, string path, string fault)
    {
        if (result != 0)
        {
            throw new IOException($"{path}: {fault}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, Span<byte> found);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Chown(string path, uint user, uint group);
}
