using System.Runtime.InteropServices;

namespace Retrieval.Storage.Local.Reading.Guard;

/// <summary>
/// Keeps the process alive when a mapped file is truncated, or its disk fails, while it is read. What can no longer be read reads
/// as zeros from then on, and the mapping is marked as damaged. Code that computes from a mapping checks the mark afterwards, so
/// that no answer is based on such zeros. The guard costs nothing until a page is missing. Without a guard (on any system other
/// than Linux on x86-64), reading such a page ends the process, as usual.
/// </summary>
internal static unsafe class MappingGuard
{
    /// <summary>Maximum number of mappings guarded at once; further ones are not guarded. An index has about twenty-five files.</summary>
    private const int MostEntries = 8192;

    private const int PageBytes = 4096;

    private static readonly Lock gate = new();
    private static readonly Stack<int> free = new();
    private static long* table;
    private static bool tried;

    /// <summary>Whether mappings are guarded in this process. False before the first one.</summary>
    public static bool IsInstalled { get; private set; }

    /// <summary>Guards a mapping. <see cref="Release"/> must be called before it is unmapped.</summary>
    /// <returns>Its entry; -1 if it is not guarded.</returns>
    public static int Register(byte* start, long bytes)
    {
        lock (gate)
        {
            if (!tried)
            {
                tried = true;
                IsInstalled = SignalHandler.IsPossible && TryInstall();
            }

            if (!IsInstalled || !TryTake(out var entry))
            {
                return -1;
            }

            // The end is written last: until then the entry contains no address.
            var place = Place(entry);
            place[FaultCode.DamagedPlace] = 0;
            Volatile.Write(ref place[FaultCode.StartPlace], (long)start);
            Volatile.Write(ref place[FaultCode.EndPlace], (long)start + ((bytes + PageBytes - 1) / PageBytes * PageBytes));
            return entry;
        }
    }

    /// <summary>Whether part of the mapping could not be read and now reads as zeros.</summary>
    public static bool IsDamaged(int entry) => entry >= 0 && Volatile.Read(ref Place(entry)[FaultCode.DamagedPlace]) != 0;

    /// <summary>Stops guarding a mapping.</summary>
    public static void Release(int entry)
    {
        if (entry >= 0)
        {
            lock (gate)
            {
                Volatile.Write(ref Place(entry)[FaultCode.EndPlace], 0);
                free.Push(entry);
            }
        }
    }

    private static bool TryInstall()
    {
        // Allocated for the lifetime of the process: the handler may look at it at any time.
        table = (long*)NativeMemory.AllocZeroed(FaultCode.HeadBytes + (MostEntries * (nuint)FaultCode.EntryBytes));
        return SignalHandler.TryInstall(table);
    }

    private static bool TryTake(out int entry)
    {
        if (free.TryPop(out entry))
        {
            return true;
        }

        entry = (int)table[FaultCode.UsedPlace];
        if (entry == MostEntries)
        {
            return false;
        }

        // The entry is empty until its end is written, so counting it first is safe.
        Volatile.Write(ref table[FaultCode.UsedPlace], entry + 1);
        return true;
    }

    private static long* Place(int entry) => table + ((FaultCode.HeadBytes + ((long)entry * FaultCode.EntryBytes)) / sizeof(long));
}
