using System.Runtime.InteropServices;

namespace Retrieval.Storage.Local.Reading.Guard;

/// <summary>
/// Keeps the process alive when a mapped file is cut short, or its disk fails, under a reader: what cannot be read any more
/// reads as zeros from then on, and the mapping is marked as damaged. Whoever computes from a mapping asks afterwards
/// whether it was: nothing is answered from such zeros. Costs nothing until a page is missing. Where there is no guard
/// (another system than Linux on x86-64) reading such a page ends the process, as it does everywhere without one.
/// </summary>
internal static unsafe class MappingGuard
{
    /// <summary>Mappings guarded at once; one more is not. An index has some twenty-five files.</summary>
    private const int MostEntries = 8192;

    private const int PageBytes = 4096;

    private static readonly Lock gate = new();
    private static readonly Stack<int> free = new();
    private static long* table;
    private static bool tried;

    /// <summary>Whether mappings are guarded in this process. False before the first one.</summary>
    public static bool IsInstalled { get; private set; }

    /// <summary>Guards a mapping; before it is unmapped <see cref="Release"/> must be called.</summary>
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

            // The end last: until it is there, no address is in it.
            var place = Place(entry);
            place[FaultCode.DamagedPlace] = 0;
            Volatile.Write(ref place[FaultCode.StartPlace], (long)start);
            Volatile.Write(ref place[FaultCode.EndPlace], (long)start + ((bytes + PageBytes - 1) / PageBytes * PageBytes));
            return entry;
        }
    }

    /// <summary>Whether something of the mapping could not be read, and reads as zeros since.</summary>
    public static bool IsDamaged(int entry) => entry >= 0 && Volatile.Read(ref Place(entry)[FaultCode.DamagedPlace]) != 0;

    /// <summary>Ends the guard of a mapping.</summary>
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
        // For as long as the process lives: the handler may look at it at any time.
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

        // Empty until its end is written, so counting it beforehand is safe.
        Volatile.Write(ref table[FaultCode.UsedPlace], entry + 1);
        return true;
    }

    private static long* Place(int entry) => table + ((FaultCode.HeadBytes + ((long)entry * FaultCode.EntryBytes)) / sizeof(long));
}
