using System.Runtime.InteropServices;

namespace Retrieval.Inference.Devices;

/// <summary>The memory of the C library's allocator, which is the runtime's outside its tensors: graphs, weights, kernels.</summary>
internal static partial class NativeHeap
{
    /// <summary>
    /// Gives free pages back to the operating system. glibc keeps what was freed in up to eight arenas a core, each for the threads
    /// that happened to use it, and by itself shortens only their ends: a model that is loaded by another thread takes another
    /// arena's memory, and that of the former one stays.
    /// </summary>
    public static void Trim()
    {
        try
        {
            _ = TrimAllocator(0);
        }
        catch (TypeLoadException)
        {
            // Another C library or none of that name, without such arenas.
        }
    }

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int TrimAllocator(nuint keep);
}
