using Retrieval.Storage.Errors;

namespace Retrieval.Storage.Local.Files;

/// <summary>
/// The one writer's lock: an open file that no one else may open. The operating system lets go of it when the process
/// ends, however it ends.
/// </summary>
internal sealed class WriterLock : IDisposable
{
    private const int WouldBlock = 11;
    private const int WouldBlockMac = 35;
    private const int SharingViolation = unchecked((int)0x80070020);

    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    public static WriterLock Take(string folder)
    {
        try
        {
            return new WriterLock(new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult is WouldBlock or WouldBlockMac or SharingViolation)
        {
            throw new IndexLockedException(folder, e);
        }
    }

    public void Dispose() => _file.Dispose();
}
