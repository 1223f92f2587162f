/*
 * hean-worker: the jailed process of one strategy. Everything is in the script room.
 */
#include <script/script.h>

int main(int argc, char **argv)
{
    return script_worker_main(argc, argv);
}
